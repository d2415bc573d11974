// One store a model: holds the state, talks to the kernel, publishes at most once a frame.
import { batch, computed, effect, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { type Announcement, createAnnouncer } from "./announce";
import { browserClock, type Clock } from "./clock";
import { createFrames } from "./frames";
import type { Host } from "./host";
import { uuid } from "./identifier";
import { createKeeper, type Keeper, placeOf } from "./keeper";
import { createKernelLink, type KernelHealth, type KernelRequest } from "./kernel-link";
import type { ChatState, KernelMessage, Reply } from "./kernel-messages";
import { createLiveTexts } from "./live-texts";
import { seqOf } from "./messages";
import type { Attached } from "./mount";
import { plainLine } from "./plain";
import { createSelectors, type Selectors } from "./selectors";
import {
  discard,
  EMPTY,
  failSend,
  type OutgoingMessage,
  receive,
  restoreUnsent,
  startSend,
  type ViewState,
} from "./state";
import { KERNEL_TROUBLES, stopHint } from "./troubles";
import { createTypingNotifier } from "./typing-notifier";

/** Stop is a promise: after this time without an answer the view says what does stop. */
const STOP_PATIENCE_MS = 1_000;

export interface Store {
  /** Null until the kernel's first snapshot. */
  readonly chat: ReadonlySignal<ChatState | null>;
  readonly select: Selectors;
  readonly outbox: ReadonlySignal<readonly OutgoingMessage[]>;
  readonly kernel: ReadonlySignal<KernelHealth>;
  readonly announcements: ReadonlySignal<readonly Announcement[]>;
  /** What went wrong with the last action, in words. */
  readonly notice: ReadonlySignal<string | null>;
  readonly draft: Signal<string>;
  readonly stopping: ReadonlySignal<boolean>;
  readonly loadingEarlier: ReadonlySignal<boolean>;
  /** Height asked for in Python, in px; 0 is the default. */
  readonly height: ReadonlySignal<number>;
  readonly clock: Clock;
  /** The shown text of an answer that is being written. */
  liveText(id: string): ReadonlySignal<string>;
  /** A view came up: nothing is drawn, and nobody asked for anything, without one. */
  attach(): Attached;
  send(text: string): void;
  resend(id: string): void;
  discard(id: string): void;
  stop(messageId: string): void;
  loadEarlier(): void;
  /** Connect now, whatever is missing: the kernel or the hub. */
  retryConnection(): void;
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
  const chat = signal<ChatState | null>(null);
  const outbox = signal<readonly OutgoingMessage[]>([]);
  const announcements = signal<readonly Announcement[]>([]);
  const failure = signal<string | null>(null);
  const draft = signal("");
  const stoppingId = signal<string | null>(null);
  const stopIsSlow = signal(false);
  let cancelSlow = (): void => {};
  const loadingEarlier = signal(false);
  const height = signal(readHeight(host));
  const live = createLiveTexts();
  const announcer = createAnnouncer();

  // -- pictures -------------------------------------------------------------------------------------------
  /** The first picture, and every one after a snapshot, is history: shown and said without ado. */
  let history = true;

  const frames = createFrames(clock, (elapsed) => {
    let more = false;
    batch(() => {
      chat.value = state.chat;
      outbox.value = state.outbox;
      if (!state.chat) return;
      more = live.advance(state.chat.streams, elapsed, history || clock.reducedMotion());
      announcements.value = announcer.update(state.chat, history);
    });
    history = false;
    return more;
  });

  const set = (next: ViewState): void => {
    if (next === state) return;
    keepOutbox(state.outbox, next.outbox);
    state = next;
    frames.request();
  };

  // -- what outlives the page -----------------------------------------------------------------------------
  /** Conversation and person; null until the kernel has named them. */
  const place = signal<string | null>(null);

  const keepOutbox = (before: readonly OutgoingMessage[], after: readonly OutgoingMessage[]): void => {
    const where = place.value;
    if (where === null || before === after) return;
    const ids = new Set(after.map(({ id }) => id));
    for (const { id } of before) if (!ids.has(id)) keeper.forget(where, id);
    for (const message of after) keeper.keepUnsent(where, message);
  };

  const settleIn = (chat_: ChatState): void => {
    const where = placeOf(chat_.conversationId, chat_.self.userId);
    if (where === place.value) return;
    const unsent = keeper.unsent(where);
    if (!draft.value) draft.value = keeper.draft(where);
    place.value = where;
    keepOutbox([], state.outbox);
    set(restoreUnsent(state, unsent));
    for (const { id } of unsent)
      if (!state.outbox.some((message) => message.id === id)) keeper.forget(where, id);
  };

  const stopKeeping = effect(() => {
    if (place.value !== null) keeper.keepDraft(place.value, draft.value);
  });

  // -- kernel ---------------------------------------------------------------------------------------------
  let views = 0;
  const link = createKernelLink({
    host,
    clock,
    lifetime,
    position: () => state.n,
    isWatched: () => views > 0,
    overdue: (kind: KernelRequest["kind"]) => {
      const health = link.health.value;
      if (health === "blocked" && kind === "send") return null; // taken when the cell ends
      if (health !== "answering") return KERNEL_TROUBLES[health].text;
      // The kernel holds the message and sends it once when the hub is back.
      if (kind === "send" && state.chat && isOnTheWay(state.chat)) return null;
      return "No answer came within 30 s. Try again.";
    },
  });

  const heard = (message: KernelMessage): void => {
    const missedBefore = state.needsHello;
    link.heard(message);
    if (message.kind === "anybody" && views > 0) link.tell({ kind: "here" });
    if (message.kind === "snapshot") history = true;
    set(receive(state, message));
    if (message.kind === "snapshot") settleIn(message.state);
    if (state.chat && state.needsHello && !missedBefore) link.hello();
  };

  host.onMessage((message) => {
    if (isKernelMessage(message)) heard(message);
  }, lifetime);
  host.onTrait(
    "height",
    () => {
      height.value = readHeight(host);
    },
    lifetime,
  );
  const typing = createTypingNotifier(clock, (isTyping) => link.tell({ kind: "typing", isTyping }));

  lifetime.addEventListener(
    "abort",
    () => {
      frames.end();
      cancelSlow();
      typing.stop();
      stopKeeping();
    },
    { once: true },
  );

  // -- what people do -------------------------------------------------------------------------------------
  const deliver = (id: string, text: string): void => {
    const requestId = uuid();
    set(startSend(state, id, requestId, text));
    const settle = (reply: Reply): void => {
      if (!reply.ok) set(failSend(state, requestId, reply.error.message));
    };
    link.request({ kind: "send", id, text }, settle, requestId);
  };

  const told = (reply: Reply): void => {
    failure.value = reply.ok ? null : plainLine(reply.error.message);
  };

  const select = createSelectors(chat);
  const notice = computed(() => {
    const waits =
      stopIsSlow.value && stoppingId.value !== null && stoppingId.value === select.stoppable.value;
    if (!waits) return failure.value;
    return stopHint(link.unheard.value, link.health.value, select.connection.value);
  });

  return {
    chat,
    select,
    outbox,
    kernel: link.health,
    announcements,
    notice,
    draft,
    stopping: computed(() => stoppingId.value !== null),
    loadingEarlier,
    height,
    clock,
    liveText: live.of,
    attach() {
      const view = frames.attach();
      views += 1;
      link.hello();
      return {
        seen(inSight) {
          view.seen(inSight);
          if (inSight) link.check();
        },
        end() {
          view.end();
          views -= 1;
          if (views === 0 && !lifetime.aborted) link.tell({ kind: "bye" });
        },
      };
    },
    send(text) {
      typing.stop();
      failure.value = null;
      deliver(uuid(), text);
    },
    resend(id) {
      const message = state.outbox.find((candidate) => candidate.id === id);
      if (message) deliver(id, message.text);
    },
    discard: (id) => set(discard(state, id)),
    stop(messageId) {
      if (stoppingId.value === messageId) return;
      stoppingId.value = messageId;
      stopIsSlow.value = false;
      cancelSlow();
      cancelSlow = clock.after(STOP_PATIENCE_MS, () => {
        stopIsSlow.value = true;
      });
      link.request({ kind: "stop", messageId }, (reply) => {
        cancelSlow();
        stoppingId.value = null;
        told(reply);
      });
      link.ask();
    },
    loadEarlier() {
      const beforeSeq = seqOf(state.chat?.messages[0]);
      if (loadingEarlier.value || !state.chat?.hasMore || !Number.isFinite(beforeSeq)) return;
      loadingEarlier.value = true;
      link.request({ kind: "history", beforeSeq }, (reply) => {
        loadingEarlier.value = false;
        told(reply);
      });
    },
    retryConnection() {
      if (link.health.value === "answering") link.tell({ kind: "retry" });
      link.hello();
    },
    typed() {
      typing.input();
      link.check();
    },
    stoppedTyping: typing.stop,
  };
}

/** Whether the hub is expected back: what was handed to the kernel is sent then. */
function isOnTheWay({ connection }: ChatState): boolean {
  return connection.state === "connecting" || connection.state === "reconnecting";
}

function readHeight(host: Host): number {
  const value = Number(host.trait("height"));
  return Number.isFinite(value) && value > 0 ? value : 0;
}

function isKernelMessage(value: unknown): value is KernelMessage {
  return typeof value === "object" && value !== null && "kind" in value && typeof value.kind === "string";
}
