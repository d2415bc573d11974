// What every part of the store stands on: the state, the way to the kernel, and the picture that is drawn.
import { computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { Clock } from "../clock";
import type { ConnectionInfo } from "../contract";
import { createPicture, type Picture } from "../drawing/picture";
import type { Host } from "../host/host";
import { createKernelLink, type KernelLink, type KernelRequest } from "../kernel/link";
import type { ChatState, KernelMessage, Reply } from "../kernel/messages";
import { createSelectors, type Selectors } from "../state/selectors";
import { EMPTY, receive, type ViewState } from "../state/state";
import { overdueLine } from "../state/troubles";
import { retold } from "../texts/texts";
import { type Keeper, placeOf } from "./keeper";

export interface Core {
  readonly host: Host;
  readonly clock: Clock;
  readonly keeper: Keeper;
  readonly lifetime: AbortSignal;
  readonly link: KernelLink;
  readonly picture: Picture;
  readonly select: Selectors;
  readonly connection: ReadonlySignal<ConnectionInfo | null>;
  /** What went wrong with the last action, in words. */
  readonly failure: Signal<string | null>;
  state(): ViewState;
  /** Takes the next state, and draws it soon. */
  set(next: ViewState): void;
  /** Calls back before a changed state is taken, with the one before; for what is kept beside it. */
  onChange(listener: (before: ViewState, after: ViewState) => void): void;
  /** Calls back with each whole state that the kernel sends, once it is taken. */
  onSnapshot(listener: (chat: ChatState) => void): void;
  /** Calls back when the kernel has named the conversation and who one is in it, and when that changes. */
  onPlace(listener: (place: string) => void): void;
  /** Asks the kernel for something; why it was refused is shown as the notice. */
  ask(message: KernelRequest, settled?: (reply: Reply) => void): void;
  /** Shows why a request was refused; null takes it away. */
  told(reply: Reply | null): void;
  /** Ends `part` with the store. */
  endWith(part: () => void): void;
}

/**
 * Opens the core; everything it holds ends with `lifetime`. `shared` is called with the state of a kernel whose pages may be
 * different people's: it is not shown.
 */
export function createCore(
  host: Host,
  lifetime: AbortSignal,
  clock: Clock,
  keeper: Keeper,
  shared: (chat: ChatState) => void,
): Core {
  let state: ViewState = EMPTY;
  const changed: ((before: ViewState, after: ViewState) => void)[] = [];
  const snapshots: ((chat: ChatState) => void)[] = [];
  const places: ((place: string) => void)[] = [];
  let place: string | null = null;
  const failure = signal<string | null>(null);
  const picture = createPicture(clock, (messageId, at, held) =>
    link.tell({ kind: "painted", messageId, at, held }),
  );

  const take = (next: ViewState, isHistory: boolean): void => {
    if (next === state) return;
    for (const listener of changed) listener(state, next);
    state = next;
    picture.show(state, isHistory);
  };

  const entered = (chat: ChatState): void => {
    for (const listener of snapshots) listener(chat);
    const now = placeOf(chat.conversationId, chat.self.userId);
    if (now === place) return;
    place = now;
    for (const listener of places) listener(place);
  };

  const heard = (message: KernelMessage): void => {
    if (message.kind === "shared") shared(message.state);
    const missedBefore = state.needsHello;
    take(receive(state, message), message.kind === "snapshot");
    if (message.kind === "snapshot") entered(message.state);
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

  const told = (reply: Reply | null): void => {
    failure.value = !reply || reply.ok ? null : retold(reply.error.message);
  };
  const endWith = (part: () => void): void => lifetime.addEventListener("abort", part, { once: true });
  endWith(picture.end);

  return {
    ...{ host, clock, keeper, lifetime, link, picture, failure, told, endWith },
    select: createSelectors(picture.chat, link.health),
    connection: computed(() => picture.chat.value?.connection ?? null),
    state: () => state,
    set: (next) => take(next, false),
    onChange: (listener) => changed.push(listener),
    onPlace: (listener) => places.push(listener),
    onSnapshot: (listener) => snapshots.push(listener),
    ask: (message, settled) =>
      link.request(message, (reply) => {
        told(reply);
        settled?.(reply);
      }),
  };
}
