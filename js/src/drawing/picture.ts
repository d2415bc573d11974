// What is drawn of the state: published at most once a frame, and only while there is a view.
import { batch, type ReadonlySignal, signal } from "@preact/signals";
import type { Clock } from "../clock";
import type { ChatMessage } from "../contract";
import type { ChatState } from "../kernel/messages";
import { type Announcement, createAnnouncer } from "../messages/announce";
import { streamOf, textOf } from "../messages/parts";
import type { Attached } from "../mount";
import { EMPTY, type OutgoingMessage, type ViewState } from "../state/state";
import { createFirstPaints } from "./first-paints";
import { createFrames } from "./frames";
import { createLiveTexts } from "./live-texts";

/** What has come and is not drawn. */
export interface Waiting {
  messages: number;
  words: number;
}

const NOTHING_WAITS: Waiting = { messages: 0, words: 0 };
/** How often what waits is counted: often enough to be read, seldom enough to cost nothing. */
const COUNT_MS = 300;

export interface Picture {
  readonly chat: ReadonlySignal<ChatState | null>;
  readonly outbox: ReadonlySignal<readonly OutgoingMessage[]>;
  readonly announcements: ReadonlySignal<readonly Announcement[]>;
  /** The shown text of an answer that is being written. */
  liveText(id: string): ReadonlySignal<string>;
  /** Whether the messages stand still. Everything else goes on. */
  readonly paused: ReadonlySignal<boolean>;
  /** What has come since they stand still. */
  readonly waiting: ReadonlySignal<Waiting>;
  /** Lets the messages stand still, or catches up at once. */
  pause(on: boolean): void;
  /** Draws `state` soon; what is history is shown and said without ado. */
  show(state: ViewState, isHistory: boolean): void;
  attach(): Attached;
  end(): void;
}

/** `painted` is told when the first text of an answer is on the screen, and how long it was here by then. */
export function createPicture(
  clock: Clock,
  painted: (messageId: string, at: number, held: number) => void = () => {},
): Picture {
  let state: ViewState = EMPTY;
  /** The first picture is history, too. */
  let history = true;
  const chat = signal<ChatState | null>(null);
  const outbox = signal<readonly OutgoingMessage[]>([]);
  const announcements = signal<readonly Announcement[]>([]);
  const live = createLiveTexts();
  const announcer = createAnnouncer();
  const paints = createFirstPaints(clock, painted);

  const paused = signal(false);
  const waiting = signal(NOTHING_WAITS);
  /** What was drawn when the view was paused. */
  let frozen: ChatState | null = null;
  let cancelCount: (() => void) | null = null;

  const count = (): void => {
    cancelCount = null;
    if (frozen && state.chat) waiting.value = whatWaits(frozen, state.chat);
  };

  const frames = createFrames(clock, (elapsed) => {
    let more = false;
    batch(() => {
      outbox.value = state.outbox;
      if (frozen && state.chat?.conversationId === frozen.conversationId) {
        const { messages, streams, hasMore } = frozen;
        chat.value = { ...state.chat, messages, streams, hasMore };
        return;
      }
      chat.value = state.chat;
      if (!state.chat) return;
      more = live.advance(state.chat.streams, elapsed, history || clock.reducedMotion());
      announcements.value = announcer.update(state.chat, history);
    });
    history = false;
    paints.drawn();
    return more;
  });

  return {
    chat,
    outbox,
    announcements,
    liveText: live.of,
    show(next, isHistory) {
      state = next;
      history ||= isHistory;
      if (next.chat) paints.came(next.chat.streams, history);
      if (frozen) cancelCount ??= clock.after(COUNT_MS, count);
      frames.request();
    },
    paused,
    waiting,
    pause(on) {
      if (on === paused.value) return;
      paused.value = on;
      waiting.value = NOTHING_WAITS;
      cancelCount?.();
      cancelCount = null;
      frozen = on ? chat.value : null;
      // What has waited is shown and said without ado.
      history ||= !on;
      frames.request();
    },
    attach: frames.attach,
    end() {
      cancelCount?.();
      frames.end();
    },
  };
}

/** What `now` has more than `then`: messages that came, and words in them and in the answers being written. */
function whatWaits(then: ChatState, now: ChatState): Waiting {
  const known = new Map(then.messages.map((message) => [message.id, message]));
  const fresh = now.messages.filter(({ id }) => !known.has(id));
  const written = now.messages.map((message): number => {
    const before = known.get(message.id);
    const length = before ? lengthOf(then, before) : 0;
    return before === message && !Object.hasOwn(now.streams, message.id)
      ? 0
      : wordsIn((streamOf(now.streams, message.id)?.text ?? textOf(message)).slice(length));
  });
  return { messages: fresh.length, words: written.reduce((sum, words) => sum + words, 0) };
}

function lengthOf(chat: ChatState, message: ChatMessage): number {
  return (streamOf(chat.streams, message.id)?.text ?? textOf(message)).length;
}

function wordsIn(text: string): number {
  return text.match(/\S+/g)?.length ?? 0;
}
