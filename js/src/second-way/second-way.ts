// The way past a busy kernel. A kernel without a working subshell takes no message while a cell runs; then what people do
// goes straight to the hub, through the Jupyter server's own view, with the same ids.
//
// Where a view is in sight while a cell runs, the way is opened before anybody needs it, and then what people do goes this
// way at once: a subshell, even one that works, shares the interpreter with the cell.
//
// Before it is open, whether the kernel listens is asked with a ping, which it answers without the hub. What is harmless
// twice goes to the kernel and, without an answer to the ping, this way too. The kernel takes what it was sent when its cell
// ends: where that could undo what was done meanwhile, a message is held until the ping is answered, and then goes one way.
import { computed, effect, signal, untracked } from "@preact/signals";
import type { Clock } from "../clock";
import type { Host } from "../host/host";
import { uuid } from "../identifier";
import type { Server } from "../jupyter-server/server";
import type { KernelLink, SecondWay } from "../kernel/link";
import type { ChatState, ViewMessage } from "../kernel/messages";
import { text } from "../texts/texts";
import { pageServer } from "./page-server";
import { createReach } from "./reach";
import { cellStatus } from "./running-cell";
import { type Hindrance, openSession, type Session } from "./session";
import { tellSight } from "./sight";

const PATIENCE_MS = 150;
/** A cell that ends before needs no other way. */
const SHORT_CELL_MS = 100;
/** Without a session by then, what waits for it goes to the kernel. */
const OPENING_MS = 5_000;
/** A session of which nothing is asked for so long is closed. */
const IDLE_MS = 60_000;
/** With so much waiting for the ping or the session, the next goes to the kernel. */
const MOST_WAITING = 100;

/** Happen once however often they are asked, and at any time. */
const REPEATABLE: ReadonlySet<string> = new Set([
  ...["send", "stop", "chunk", "search", "conversations", "pinned"],
]);
/** Late, they would undo what was done meanwhile, or happen twice. */
const ONE_WAY: ReadonlySet<string> = new Set([
  ...["edit", "delete", "react", "pin", "regenerate", "typing", "read"],
]);

interface Waiting {
  message: ViewMessage;
  /** The kernel was sent it too. */
  isSent: boolean;
}

interface Surroundings {
  host: Host;
  clock: Clock;
  lifetime: AbortSignal;
  link: Pick<KernelLink, "replied" | "health" | "inSight">;
  state(): { chat: ChatState | null };
}

/** Opens the way; everything it holds ends with `lifetime`. */
export function secondWay(
  { host, clock, lifetime, link, state }: Surroundings,
  server: Server | null = pageServer(),
): SecondWay {
  const blocked = signal(false);
  /** Whether a session has been there since anything hindered one. */
  const proven = signal(false);
  const hindrance = signal<Hindrance | null>(null);
  /** In the order in which they were made. */
  let waiting: Waiting[] = [];
  let session: Session | null = null;
  /** Pings that the kernel has not answered. */
  const asked = new Set<string>();
  let cancelPatience = (): void => {};
  let cancelOpening = (): void => {};
  let cancelIdle = (): void => {};
  let cancelOpeningSoon = (): void => {};
  /** Whether a cell runs. */
  const busy = signal(false);
  const isAwaited = (): boolean => busy.value && link.inSight.value;

  const isOver = (): boolean => ["gone", "restarted"].includes(status());
  /** Whether nothing is to be taken off the way to the kernel. */
  const isOff = (): boolean =>
    lifetime.aborted || isOver() || hindrance.value !== null || waiting.length >= MOST_WAITING;

  const toKernel = (): void => {
    for (const { message, isSent } of waiting.splice(0)) if (!isSent) host.send(message);
  };

  const end = (): void => {
    cancelOpening();
    cancelIdle();
    session?.end();
    session = null;
  };

  const flush = (): void => {
    if (!session?.isReady) return;
    for (const { message } of waiting.splice(0)) session.send(message);
    endWhenIdle();
  };

  const endWhenIdle = (): void => {
    cancelIdle();
    cancelIdle = clock.after(IDLE_MS, () => (isAwaited() ? endWhenIdle() : end()));
  };

  const hinder = (found: Hindrance): void => {
    end();
    proven.value = false;
    hindrance.value = found;
    toKernel();
  };

  const open = (): void => {
    const { chat } = state();
    if (session && session.conversationId !== chat?.conversationId) end();
    if (session || !chat) return;
    if (!server) {
      hinder({ why: "absent" });
      return;
    }
    cancelOpening = clock.after(OPENING_MS, () => hinder({ why: "unreachable" }));
    session = openSession({
      server,
      shown: chat,
      clock,
      ready() {
        cancelOpening();
        proven.value = true;
        flush();
      },
      hindered: hinder,
      replied: link.replied,
    });
  };

  /** Asks the kernel whether it listens, unless that was asked and is not answered; false when nobody can be asked. */
  const ask = (most = 1): boolean => {
    if (asked.size >= most) return true;
    const requestId = uuid();
    try {
      host.send({ kind: "ping", requestId });
    } catch {
      return false; // the comm is closed, as the link finds out too
    }
    asked.add(requestId);
    cancelPatience();
    cancelPatience = clock.after(PATIENCE_MS, () => {
      blocked.value = true;
      open();
      flush();
    });
    return true;
  };

  const listens = (): void => {
    cancelPatience();
    asked.clear();
    blocked.value = false;
    if (!isAwaited()) {
      hindrance.value = null;
      if (!session?.isReady) end();
    }
    toKernel();
  };

  /** Asks the kernel, and opens the way, before anybody does anything. */
  const prepare = (): void => {
    cancelOpeningSoon();
    if (!isAwaited() || isOff()) return;
    cancelOpeningSoon = clock.after(SHORT_CELL_MS, () => {
      if (!isAwaited() || isOff()) return;
      ask();
      open();
    });
  };

  host.onMessage((message) => {
    const { kind, requestId } = Object(message);
    if (kind === "reply" && asked.has(requestId)) listens();
  }, lifetime);
  const changed = (): void => {
    busy.value = status() === "busy";
    if (!busy.value && !blocked.value) hindrance.value = null;
    if (isOver()) {
      waiting = [];
      listens();
      end();
    } else if (blocked.value && status() === "idle") {
      // Its answer comes now, unless it was lost. Asked at each change, it would change for ever.
      ask(2);
    }
  };
  const status = cellStatus(host, lifetime, changed);
  busy.value = status() === "busy";
  // Before anybody does anything, it is known whether that would wait.
  const forget = [
    tellSight(host, link),
    link.health.subscribe((health) => {
      if (health === "blocked") ask();
    }),
    effect(() => {
      if (isAwaited()) untracked(prepare);
    }),
  ];
  lifetime.addEventListener(
    "abort",
    () => {
      for (const each of forget) each();
      cancelPatience();
      cancelOpeningSoon();
      end();
    },
    { once: true },
  );

  const takeAtOnce = (message: ViewMessage, isOneWay: boolean): boolean => {
    // A subshell may take it, too: who is first wins.
    const isSent = !(isOneWay || blocked.value);
    waiting.push({ message, isSent });
    open();
    flush();
    return !isSent;
  };

  const takeInCase = (message: ViewMessage, isOneWay: boolean): boolean => {
    // It may have begun there.
    if (message.kind === "typing" && !message.isTyping && session?.isReady) session.send(message);
    // What an idle kernel is sent, it takes at once.
    if (isOneWay && asked.size === 0 && status() === "idle") return false;
    if (!ask()) return false;
    waiting.push({ message, isSent: !isOneWay });
    if (status() === "busy") open();
    return isOneWay;
  };

  const take = (message: ViewMessage): boolean => {
    const isOneWay = ONE_WAY.has(message.kind);
    if (isOff() || !(isOneWay || REPEATABLE.has(message.kind))) return false;
    const isSure = blocked.value || (status() === "busy" && session?.isReady);
    return isSure ? takeAtOnce(message, isOneWay) : takeInCase(message, isOneWay);
  };

  const carries = computed(() => (blocked.value || busy.value) && proven.value);
  /** What keeps the message waiting: a kernel that listens meanwhile keeps none. */
  const obstacle = computed(() => (blocked.value ? hindrance.value : null));
  const words = computed(() => {
    const { value: found } = obstacle;
    if (found?.why === "person") return text("secondWay.person", { name: found.name });
    if (found) return text(`secondWay.${found.why}`);
    return text(carries.value ? "secondWay.hub" : "secondWay.kernel");
  });
  const reach = createReach(server, clock, lifetime);
  return {
    take,
    withholds: () => false,
    reach: () => reach(state().chat),
    carries,
    refusal: computed(() => (obstacle.value ? words.value : null)),
    words,
  };
}
