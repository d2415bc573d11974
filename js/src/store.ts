// One store a model: holds the state, talks to the kernel, and lets the picture of it be drawn.
import { computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { readChoice } from "./choice";
import { browserClock, type Clock } from "./clock";
import type { Host } from "./host";
import { uuid } from "./identifier";
import { createKeeper, type Keeper } from "./keeper";
import { createKernelLink, type KernelLink } from "./kernel-link";
import type { ChatState, KernelMessage, Reply } from "./kernel-messages";
import { seqOf } from "./messages";
import type { Attached } from "./mount";
import { createPicture, type Picture } from "./picture";
import { plainLine } from "./plain";
import { createSelectors, type Selectors } from "./selectors";
import { discard, EMPTY, failSend, receive, restoreUnsent, startSend, type ViewState } from "./state";
import { createStopping } from "./stopping";
import { overdueLine, stopHint } from "./troubles";
import { createTypingNotifier } from "./typing-notifier";
import { createUnsent } from "./unsent";
import type { Way } from "./way";

export interface Store extends Way, Pick<Picture, "chat" | "outbox" | "announcements" | "liveText"> {
  readonly select: Selectors;
  /** What went wrong with the last action, in words. */
  readonly notice: ReadonlySignal<string | null>;
  readonly draft: Signal<string>;
  /** The model chosen for the next messages, as `choiceText` writes it; empty for the hub's own choice. */
  readonly choice: Signal<string>;
  readonly stopping: ReadonlySignal<boolean>;
  readonly loadingEarlier: ReadonlySignal<boolean>;
  /** Height asked for in Python, in px; 0 is the default. */
  readonly height: ReadonlySignal<number>;
  /** A view came up: nothing is drawn, and nobody asked for anything, without one. */
  attach(): Attached;
  send(text: string): void;
  resend(id: string): void;
  discard(id: string): void;
  stop(messageId: string): void;
  loadEarlier(): void;
  /** Asks the hub how its providers are. */
  askProviders(): void;
  typed(): void;
  stoppedTyping(): void;
}

/** Opens the store of a model; everything it holds ends with `lifetime`. */
export function createStore(
  host: Host,
  lifetime: AbortSignal,
  clock: Clock = browserClock,
  keeper: Keeper = createKeeper(),
): Store {
  let state: ViewState = EMPTY;
  const failure = signal<string | null>(null);
  const draft = signal("");
  const choice = signal("");
  const loadingEarlier = signal(false);
  const height = signal(readHeight(host));
  const unsent = createUnsent(keeper, draft, choice);
  const picture = createPicture(clock, (messageId, at, held) =>
    link.tell({ kind: "painted", messageId, at, held }),
  );
  const select = createSelectors(picture.chat);
  const connection = computed(() => picture.chat.value?.connection ?? null);

  const set = (next: ViewState, isHistory = false): void => {
    if (next === state) return;
    unsent.update(state.outbox, next.outbox);
    state = next;
    picture.show(state, isHistory);
  };

  // -- kernel ---------------------------------------------------------------------------------------------
  const heard = (message: KernelMessage): void => {
    const missedBefore = state.needsHello;
    set(receive(state, message), message.kind === "snapshot");
    if (message.kind === "snapshot") settle(message.state);
    if (state.chat && state.needsHello && !missedBefore) link.hello();
  };

  const link: KernelLink = createKernelLink<ChatState>({
    host,
    clock,
    lifetime,
    position: () => state.n,
    heard,
    overdue: (kind) => overdueLine(kind, link.health.value, state.chat?.connection ?? null),
  });

  const settle = (chat: ChatState): void => {
    const kept = unsent.settle(chat, state.outbox);
    if (kept.length === 0) return;
    set(restoreUnsent(state, kept));
    unsent.update(kept, state.outbox); // what the conversation has by now is kept no longer
  };

  host.onTrait(
    "height",
    () => {
      height.value = readHeight(host);
    },
    lifetime,
  );

  // -- what people do -------------------------------------------------------------------------------------
  const told = (reply: Reply): void => {
    failure.value = reply.ok ? null : plainLine(reply.error.message);
  };
  const typing = createTypingNotifier(clock, (isTyping) => link.tell({ kind: "typing", isTyping }));
  const stopping = createStopping(clock, link, told);

  const deliver = (id: string, text: string, chosen: string): void => {
    const requestId = uuid();
    set(startSend(state, id, requestId, text, chosen));
    const settled = (reply: Reply): void => {
      if (!reply.ok) set(failSend(state, requestId, reply.error.message));
    };
    link.request({ kind: "send", id, text, ...readChoice(chosen) }, settled, requestId);
  };

  const notice = computed(() => {
    const { value: overdue } = stopping.overdue;
    if (overdue === null || overdue !== select.stoppable.value) return failure.value;
    return stopHint(link.unheard.value, link.health.value, connection.value);
  });

  lifetime.addEventListener(
    "abort",
    () => {
      for (const part of [picture, stopping, unsent]) part.end();
      typing.stop();
    },
    { once: true },
  );

  return {
    ...picture,
    select,
    connection,
    kernel: link.health,
    notice,
    draft,
    choice,
    stopping: computed(() => stopping.id.value !== null),
    loadingEarlier,
    height,
    clock,
    attach() {
      const views = [picture.attach(), link.attach()];
      return {
        seen(inSight) {
          for (const view of views) view.seen(inSight);
        },
        end() {
          for (const view of views) view.end();
        },
      };
    },
    send(text) {
      typing.stop();
      failure.value = null;
      deliver(uuid(), text, choice.value);
    },
    resend(id) {
      const message = state.outbox.find((candidate) => candidate.id === id);
      if (message) deliver(id, message.text, message.choice);
    },
    discard: (id) => set(discard(state, id)),
    stop: stopping.stop,
    loadEarlier() {
      const beforeSeq = seqOf(state.chat?.messages[0]);
      if (loadingEarlier.value || !state.chat?.hasMore || !Number.isFinite(beforeSeq)) return;
      loadingEarlier.value = true;
      link.request({ kind: "history", beforeSeq }, (reply) => {
        loadingEarlier.value = false;
        told(reply);
      });
    },
    askProviders: () => link.tell({ kind: "providers" }),
    retryConnection: link.retry,
    typed() {
      typing.input();
      link.check();
    },
    stoppedTyping: typing.stop,
  };
}

function readHeight(host: Host): number {
  const value = Number(host.trait("height"));
  return Number.isFinite(value) && value > 0 ? value : 0;
}
