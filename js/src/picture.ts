// What is drawn of the state: published at most once a frame, and only while there is a view.
import { batch, type ReadonlySignal, signal } from "@preact/signals";
import { type Announcement, createAnnouncer } from "./announce";
import type { Clock } from "./clock";
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

export function createPicture(clock: Clock): Picture {
  let state: ViewState = EMPTY;
  /** The first picture is history, too. */
  let history = true;
  const chat = signal<ChatState | null>(null);
  const outbox = signal<readonly OutgoingMessage[]>([]);
  const announcements = signal<readonly Announcement[]>([]);
  const live = createLiveTexts();
  const announcer = createAnnouncer();

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

  return {
    chat,
    outbox,
    announcements,
    liveText: live.of,
    show(next, isHistory) {
      state = next;
      history ||= isHistory;
      frames.request();
    },
    attach: frames.attach,
    end: frames.end,
  };
}
