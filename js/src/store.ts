// One store a model: holds the state, talks to the host, publishes at most once a frame.
import { batch, computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { type Announcement, createAnnouncer } from "./announce";
import { browserClock, type Clock } from "./clock";
import type { ChatState, KernelMessage, Reply, ViewMessage } from "./contract";
import type { Host } from "./host";
import { uuid } from "./identifier";
import { createLiveTexts } from "./live-texts";
import { seqOf } from "./messages";
import { createRequests } from "./requests";
import { framesToSkip } from "./reveal";
import { createSelectors, type Selectors } from "./selectors";
import { discard, EMPTY, failSend, type OutgoingMessage, receive, startSend, type ViewState } from "./state";
import { createTypingNotifier } from "./typing-notifier";

const HELLO_RETRY_MS = 4_000;
const HELLO_RETRY_MAX_MS = 60_000;
const NO_KERNEL = "The kernel is not connected. Run the cell again.";

export interface Store {
  /** Null until the kernel's first snapshot. */
  readonly chat: ReadonlySignal<ChatState | null>;
  readonly select: Selectors;
  readonly outbox: ReadonlySignal<readonly OutgoingMessage[]>;
  /** The kernel went away, or has not answered for a while. */
  readonly kernelSilent: ReadonlySignal<boolean>;
  readonly announcements: ReadonlySignal<readonly Announcement[]>;
  /** What went wrong with the last action, in words. */
  readonly notice: Signal<string | null>;
  readonly draft: Signal<string>;
  readonly stopping: ReadonlySignal<boolean>;
  readonly loadingEarlier: ReadonlySignal<boolean>;
  /** Height asked for in Python, in px; 0 is the default. */
  readonly height: ReadonlySignal<number>;
  readonly clock: Clock;
  /** The shown text of an answer that is being written. */
  liveText(id: string): ReadonlySignal<string>;
  /** A view came up: ask for the present state. */
  hello(): void;
  send(text: string): void;
  resend(id: string): void;
  discard(id: string): void;
  stop(messageId: string): void;
  loadEarlier(): void;
  retryConnection(): void;
  typed(): void;
  stoppedTyping(): void;
}

type Sent<K extends ViewMessage["kind"]> = Omit<Extract<ViewMessage, { kind: K }>, "requestId">;

/** Opens the store of a model; everything it holds ends with `lifetime`. */
export function createStore(host: Host, lifetime: AbortSignal, clock: Clock = browserClock): Store {
  let state: ViewState = EMPTY;
  const chat = signal<ChatState | null>(null);
  const outbox = signal<readonly OutgoingMessage[]>([]);
  const kernelSilent = signal(false);
  const announcements = signal<readonly Announcement[]>([]);
  const notice = signal<string | null>(null);
  const stoppingId = signal<string | null>(null);
  const loadingEarlier = signal(false);
  const height = signal(readHeight(host));
  const live = createLiveTexts();
  const announcer = createAnnouncer();
  const requests = createRequests(clock);

  // -- frames ---------------------------------------------------------------------------------------------
  let cancelFrame: (() => void) | null = null;
  let shownAt = clock.now();
  let skip = 0;
  /** The first picture, and every one after a snapshot, is history: shown and said without ado. */
  let history = true;

  const publish = (): void => {
    const now = clock.now();
    let more = false;
    batch(() => {
      chat.value = state.chat;
      outbox.value = state.outbox;
      if (!state.chat) return;
      more = live.advance(state.chat.streams, now - shownAt, history || clock.reducedMotion());
      announcements.value = announcer.update(state.chat, history);
    });
    shownAt = now;
    history = false;
    if (more) schedule();
    // Preact renders in a microtask queued above; ours comes after it and sees what it cost.
    queueMicrotask(() => {
      skip = framesToSkip(clock.now() - now);
    });
  };

  const onFrame = (): void => {
    cancelFrame = null;
    if (skip > 0) {
      skip -= 1;
      schedule();
    } else publish();
  };

  const schedule = (): void => {
    if (cancelFrame || lifetime.aborted) return;
    // The time since an idle picture says nothing about the backlog: one frame's worth.
    shownAt = Math.max(shownAt, clock.now() - 16);
    cancelFrame = clock.frame(onFrame);
  };

  const set = (next: ViewState): void => {
    if (next === state) return;
    state = next;
    schedule();
  };

  // -- kernel ---------------------------------------------------------------------------------------------
  const trySend = (message: ViewMessage): boolean => {
    try {
      host.send(message);
      return true;
    } catch {
      // The comm is closed: there is nobody to tell, the view says so.
      kernelSilent.value = true;
      return false;
    }
  };

  const request = <K extends "send" | "stop" | "history">(
    message: Sent<K>,
    settle: (reply: Reply) => void,
    requestId = uuid(),
  ): void => {
    requests.expect(requestId, settle);
    if (trySend({ ...message, requestId } as unknown as ViewMessage)) return;
    requests.settle({ kind: "reply", requestId, ok: false, error: { message: NO_KERNEL } });
  };

  let cancelHello = (): void => {};
  const hello = (wait = HELLO_RETRY_MS): void => {
    cancelHello();
    trySend({ kind: "hello", n: state.n });
    cancelHello = clock.after(wait, () => {
      kernelSilent.value = true;
      hello(Math.min(wait * 2, HELLO_RETRY_MAX_MS));
    });
  };

  const heard = (message: KernelMessage): void => {
    kernelSilent.value = false;
    const missedBefore = state.needsHello;
    if (message.kind === "reply") requests.settle(message);
    if (message.kind === "snapshot") {
      cancelHello();
      history = true;
    }
    set(receive(state, message));
    if (state.chat && state.needsHello && !missedBefore) hello();
  };

  host.onMessage((message) => {
    if (isKernelMessage(message)) heard(message);
  }, lifetime);
  host.onLinkChange(() => hello(), lifetime);
  host.onTrait(
    "height",
    () => {
      height.value = readHeight(host);
    },
    lifetime,
  );
  const typing = createTypingNotifier(clock, (isTyping) => trySend({ kind: "typing", isTyping }));

  lifetime.addEventListener(
    "abort",
    () => {
      cancelFrame?.();
      cancelHello();
      typing.stop();
      requests.clear();
    },
    { once: true },
  );

  // -- what people do ---------------------------------------------------------------------------------------
  const deliver = (id: string, text: string): void => {
    const requestId = uuid();
    set(startSend(state, id, requestId, text));
    const settle = (reply: Reply): void => {
      if (!reply.ok) set(failSend(state, requestId, reply.error.message));
    };
    request<"send">({ kind: "send", id, text }, settle, requestId);
  };

  const told = (reply: Reply): void => {
    notice.value = reply.ok ? null : reply.error.message;
  };

  return {
    chat,
    select: createSelectors(chat),
    outbox,
    kernelSilent,
    announcements,
    notice,
    draft: signal(""),
    stopping: computed(() => stoppingId.value !== null),
    loadingEarlier,
    height,
    clock,
    liveText: live.of,
    hello: () => hello(),
    send(text) {
      typing.stop();
      notice.value = null;
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
      request<"stop">({ kind: "stop", messageId }, (reply) => {
        stoppingId.value = null;
        told(reply);
      });
    },
    loadEarlier() {
      const beforeSeq = seqOf(state.chat?.messages[0]);
      if (loadingEarlier.value || !state.chat?.hasMore || !Number.isFinite(beforeSeq)) return;
      loadingEarlier.value = true;
      request<"history">({ kind: "history", beforeSeq }, (reply) => {
        loadingEarlier.value = false;
        told(reply);
      });
    },
    retryConnection: () => void trySend({ kind: "retry" }),
    typed: typing.input,
    stoppedTyping: typing.stop,
  };
}

function readHeight(host: Host): number {
  const value = Number(host.trait("height"));
  return Number.isFinite(value) && value > 0 ? value : 0;
}

function isKernelMessage(value: unknown): value is KernelMessage {
  return typeof value === "object" && value !== null && "kind" in value && typeof value.kind === "string";
}
