import { useSignal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { whenIdle } from "../../markdown/idle";
import { MessageWindow, type Range } from "./message-window";
import type { StickToBottom } from "./stick-to-bottom";

export interface ShownWindow extends Range {
  /** Draws a page more of what is above. */
  widen(): void;
  /** Makes sure that the message at an index is drawn, with some around it. */
  include(index: number): void;
  /** The person scrolls: what they come to is drawn before they are there. */
  onScroll(scroller: HTMLElement): void;
}

/** What is drawn of the messages. It grows while the page is idle; what is in view stays where it is. */
export function useWindow(
  messages: readonly { id: string }[],
  following: boolean,
  stick: StickToBottom | null,
): ShownWindow {
  const [shown] = useState(() => new MessageWindow());
  const changes = useSignal(0);
  changes.value; // read, so that a change draws
  const range = shown.update(messages, following);
  const grow = (side = shown.wants): void => {
    if (side === "above" && !following) stick?.holdPosition();
    shown.grow(side);
    changes.value += 1;
  };
  const { wants } = shown;
  stick?.setEnd(range.end === messages.length);
  useEffect(() => (wants ? whenIdle(grow) : undefined), [wants, range.start, range.end, following, stick]);

  return {
    ...range,
    widen() {
      stick?.holdPosition();
      changes.value += 1;
      shown.widen();
    },
    include(index) {
      stick?.leave();
      changes.value += 1;
      shown.include(index);
    },
    onScroll({ scrollTop, scrollHeight, clientHeight }) {
      if (range.end < messages.length && scrollHeight - scrollTop < 3 * clientHeight) grow("below");
    },
  };
}
