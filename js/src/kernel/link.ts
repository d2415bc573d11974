// The way to the kernel: says hello, asks again, waits for replies, and knows whether anybody is there.
import { computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { Clock } from "../clock";
import type { Host, KernelStatus, Requester } from "../host/host";
import { uuid } from "../identifier";
import type { Attached } from "../mount";
import { type KernelMessage, kernelMessage, type Reply, type ViewMessage } from "./messages";
import { createRequests } from "./requests";

const UNHEARD_MS = 1_000;
const PATIENCE_MS = 4_000;
/** Where the browser or the host says that the way is cut, silence is believed sooner. */
const CUT_PATIENCE_MS = 1_500;
const HELLO_RETRY_MAX_MS = 60_000;
/** What was heard so lately needs no asking. */
const FRESH_MS = 15_000;

/**
 * Whether the kernel hears us. `blocked`: it speaks, but a running cell keeps it from listening; `silent`: it says
 * nothing, and nobody knows why; `offline`: the page has no network; the others as the host says.
 */
export type KernelHealth =
  | "answering"
  | "blocked"
  | "silent"
  | "offline"
  | "unreachable"
  | "restarted"
  | "gone";

/** Whether this chat's kernel is no more: only the cell, run again, brings the chat back. */
export function isLost(kernel: string): kernel is "gone" | "restarted" {
  return kernel === "gone" || kernel === "restarted";
}

type AnyRequest = Extract<ViewMessage, { requestId: string }>;
type WithoutId<M> = M extends unknown ? Omit<M, "requestId"> : never;
export type KernelRequest = WithoutId<AnyRequest>;

/** Another way to the hub, for what a busy kernel would not hear in time. */
export interface SecondWay {
  /** Takes a message off the way to the kernel; false where it goes on there. */
  take(message: ViewMessage): boolean;
  /** Whether what people do goes this way at present. */
  readonly carries: ReadonlySignal<boolean>;
  /** Why it waits for the kernel instead, in a sentence; null where nothing is known to hinder it. */
  readonly refusal: ReadonlySignal<string | null>;
  /** Which way what people do goes at present, in a sentence. */
  readonly words: ReadonlySignal<string>;
  /** The way to the hub over HTTP; null where there is none for this person and conversation. */
  reach(): Promise<Requester | null>;
  /** Whether a message of the kernel is not for the view. */
  withholds(message: unknown): boolean;
}

export interface KernelLink {
  /** Whether the view that was last looked for is in sight: of several, any other may be. */
  readonly inSight: ReadonlySignal<boolean>;
  /** Null until it has come. */
  readonly second: Signal<SecondWay | null>;
  /** There is one view more: the state is asked for, and whether anybody listens when the view comes into sight. */
  attach(): Attached;
  readonly health: ReadonlySignal<KernelHealth>;
  /** A question has been on its way for a second, and nothing says that it was heard. */
  readonly unheard: ReadonlySignal<boolean>;
  /** Asks for the present state, again and again until it comes. */
  hello(): void;
  /** Asks whether anybody listens. */
  ask(): void;
  /** The same, unless something was heard just now. */
  check(): void;
  /** Asks for an attempt to connect now: the kernel's to the hub, and ours to the kernel. */
  retry(): void;
  /** Sends what needs no reply; false when there is nobody to send it to. */
  tell(message: ViewMessage): boolean;
  /** Sends a request; the reply, or what is wrong, goes to `settle` once. */
  request(message: KernelRequest, settle: (reply: Reply) => void, requestId?: string): void;
  /** Takes a reply that came another way than from the kernel. */
  replied(reply: Reply, buffers?: readonly DataView[]): void;
  /** Takes what stands in the kernel's place says. */
  receive(message: unknown, buffers?: readonly DataView[]): void;
}

/** What the kernel says unasked. */
const isNews = (kind: string): boolean => kind === "ops" || kind === "tokens";

interface Options<State> {
  host: Host;
  clock: Clock;
  lifetime: AbortSignal;
  /** The number of the last message applied. */
  position(): number;
  /** Called with each message of the kernel. */
  heard(message: KernelMessage<State>): void;
  /** Why a request has no reply, in words; null where it is right to wait on. */
  overdue(kind: KernelRequest["kind"]): string | null;
}

export function createKernelLink<State>({
  host,
  clock,
  lifetime,
  position,
  heard,
  overdue,
}: Options<State>): KernelLink {
  const status = signal(host.kernelStatus());
  const online = signal(host.isOnline());
  /** Nothing at all has come since we asked. */
  const silent = signal(false);
  /** Something comes, but not what we asked for. */
  const blocked = signal(false);
  const unheard = signal(false);
  const requests = createRequests(clock);
  /** Without a view nobody wants the state, and asking for it would cost the kernel. */
  let views = 0;
  const inSight = signal(false);
  let heardAt = Number.NEGATIVE_INFINITY;
  let asking = false;
  let cancelAsk = (): void => {};

  const second = signal<SecondWay | null>(null);
  const health = computed<KernelHealth>(() => {
    // What goes past the kernel waits for nothing.
    if (second.value?.carries.value) return "answering";
    const known = status.value;
    if (isLost(known)) return known;
    if (!silent.value) return blocked.value ? "blocked" : "answering";
    if (!online.value) return "offline";
    if (known === "unreachable") return known;
    return known === "busy" ? "blocked" : "silent";
  });
  const isOver = (): boolean => isLost(health.peek());

  const tell = (message: ViewMessage): boolean => {
    try {
      if (second.peek()?.take(message)) return true;
      host.send(message);
      return true;
    } catch {
      // The comm is closed: there is nobody to tell, the view says so.
      silent.value = true;
      return false;
    }
  };

  /** Waits for an answer to what was just asked; then says hello, ever more slowly. */
  const expectAnswer = (patience: number, next: number): void => {
    cancelAsk();
    asking = true;
    const askedAt = clock.now();
    const cancelUnheard = clock.after(UNHEARD_MS, () => {
      unheard.value = true;
    });
    const cancelPatience = clock.after(patience, () => {
      if (heardAt < askedAt) silent.value = true;
      else blocked.value = true;
      sayHello(next, Math.min(next * 2, HELLO_RETRY_MAX_MS));
    });
    cancelAsk = () => {
      cancelUnheard();
      cancelPatience();
    };
  };

  const sayHello = (patience: number, next: number): void => {
    if (views === 0) {
      answered();
      return;
    }
    tell({ kind: "hello", n: position() });
    expectAnswer(patience, next);
  };

  const patience = (): number =>
    online.value && status.value !== "unreachable" ? PATIENCE_MS : CUT_PATIENCE_MS;
  const hello = (): void => sayHello(patience(), PATIENCE_MS * 2);

  const ask = (): void => {
    if (asking || isOver()) return;
    tell({ kind: "ping", requestId: uuid() });
    expectAnswer(patience(), PATIENCE_MS * 2);
  };

  const check = (): void => {
    if (clock.now() - heardAt >= FRESH_MS) ask();
  };

  const answered = (): void => {
    cancelAsk();
    asking = false;
    blocked.value = false;
    unheard.value = false;
  };

  const replied = (reply: Reply, buffers?: readonly DataView[]): void => {
    requests.settle(reply.ok && buffers ? { ...reply, buffers } : reply);
    heard(reply);
  };

  host.onLinkChange(() => {
    const before = status.value;
    status.value = host.kernelStatus();
    online.value = host.isOnline();
    if (isOver()) answered();
    // Our own hello makes it busy, then idle: an answer to that would go round for ever.
    else if (before === status.value || !(isAtWork(before) && isAtWork(status.value))) hello();
  }, lifetime);

  const receive = (delivered: unknown, buffers?: readonly DataView[]): void => {
    const message = kernelMessage<State>(delivered);
    if (!message) return;
    heardAt = clock.now();
    silent.value = false;
    // Whatever the host believes: somebody is there.
    if (isOver()) status.value = "unknown";
    if (!isNews(message.kind)) answered();
    if (message.kind === "anybody" && views > 0) tell({ kind: "here" });
    if (message.kind === "reply") replied(message, buffers);
    else heard(message);
  };
  host.onMessage((message, buffers) => {
    if (!second.peek()?.withholds(message)) receive(message, buffers);
  }, lifetime);

  lifetime.addEventListener(
    "abort",
    () => {
      cancelAsk();
      requests.clear();
    },
    { once: true },
  );

  return {
    health,
    inSight,
    second,
    replied,
    receive,
    unheard,
    hello,
    ask,
    check,
    retry() {
      if (health.value === "answering") tell({ kind: "retry" });
      hello();
    },
    attach() {
      views += 1;
      hello();
      inSight.value = true;
      return {
        seen(now) {
          inSight.value = now;
          if (now) check();
        },
        end() {
          views -= 1;
          if (views === 0 && !lifetime.aborted) tell({ kind: "bye" });
        },
      };
    },
    tell,
    request(message, settle, requestId = uuid()) {
      const why = (): string | null => overdue(message.kind);
      requests.expect(requestId, { settle, slow: ask, overdue: why });
      if (!isOver() && tell({ ...message, requestId })) return;
      requests.refuse(requestId, why() ?? "");
    },
  };
}

/** It is there and listens, sooner or later. */
function isAtWork(status: KernelStatus): boolean {
  return status === "idle" || status === "busy";
}
