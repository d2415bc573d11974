// What is drawn of the state: published at most once a frame, and only while there is a view.
import { batch, type ReadonlySignal, signal } from "@preact/signals";
import { type Announcement, createAnnouncer } from "./announce";
import type { Clock } from "./clock";
import { createFirstPaints } from "./first-paints";
import { createFrames } from "./frames";
import type { ChatState } from "./kernel-messages";
import { createLiveTexts } from "./live-texts";
import type { Attached } from "./mount";
import { EMPTY, type OutgoingMessage, type ViewState } from "./state";

export interface Picture {
  readonly chat: ReadonlySignal<ChatState | null>;
  readonly outbox: ReadonlySignal<readonly OutgoingMessage[]>;
  readonly announcements: ReadonlySignal<readonly Announcement[]>;
  /** The shown text of an answer that is being written. */
  liveText(id: string): ReadonlySignal<string>;
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
      frames.request();
    },
    attach: frames.attach,
    end: frames.end,
  };
}
