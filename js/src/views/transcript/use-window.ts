import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";

/** So many messages are in the document at once; more come in pages of this size. */
export const WINDOW = 200;

export interface MessageWindow {
  /** Index of the first message shown. */
  start: number;
  widen(): void;
  /** Makes sure that the message at an index is shown, with some before it. */
  include(index: number): void;
}

/** The newest messages while the view follows; while somebody reads further up, nothing leaves above. */
export function useWindow(messages: readonly { id: string }[], following: boolean): MessageWindow {
  const firstId = useRef<string | null>(null);
  const extra = useSignal(0);
  const newest = Math.max(0, messages.length - WINDOW - extra.value);
  const held = following ? -1 : messages.findIndex((message) => message.id === firstId.current);
  const start = held < 0 ? newest : Math.min(held, newest);
  firstId.current = messages[start]?.id ?? null;
  return {
    start,
    widen: () => {
      extra.value += WINDOW;
    },
    include(index) {
      const first = Math.max(0, index - WINDOW / 4);
      if (first < start) extra.value = Math.max(extra.value, messages.length - WINDOW - first);
    },
  };
}
