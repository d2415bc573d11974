import { useSignal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { whenIdle } from "../../drawing/idle";
import { MessageWindow, type Range } from "./message-window";
import type { StickToBottom } from "./stick-to-bottom";

export interface ShownWindow extends Range {
  /** Draws a page more of what is above. */
  widen(): void;
  /** The person scrolls: what they come to is drawn before they are there. */
  onScroll(scroller: HTMLElement): void;
}

/**
 * What is drawn of the messages, and the one at `target` where that is not negative. It grows while the page is idle;
 * what is in view stays where it is.
 */
export function useWindow(
  messages: readonly { id: string }[],
  target: number,
  following: boolean,
  stick: StickToBottom | null,
): ShownWindow {
  const [shown] = useState(() => new MessageWindow());
  const changes = useSignal(0);
  changes.value; // read, so that a change draws
  const held = shown.update(messages, following);
  // Here, and not once it is known that it is missing: the next picture has it.
  const range = target < 0 || !stick ? held : shown.include(target);
  const grow = (side = shown.wants): void => {
    // As it is now: since the last picture somebody may have gone to the end.
    if (side === "above" && !stick?.following.peek()) stick?.holdPosition();
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
    onScroll({ scrollTop, scrollHeight, clientHeight }) {
      if (range.end < messages.length && scrollHeight - scrollTop < 3 * clientHeight) grow("below");
    },
  };
}
