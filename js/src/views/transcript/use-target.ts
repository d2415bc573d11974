import type { RefObject } from "preact";
import { useLayoutEffect } from "preact/hooks";
import type { ChatMessage } from "../../contract";
import type { Store } from "../../store/store";
import type { StickToBottom } from "./stick-to-bottom";

const MARKED_MS = 1_600;

/** The place of the message that somebody looks for; -1: nobody does, or it is not there. */
export function targetOf(store: Store, shown: readonly ChatMessage[]): number {
  const wanted = store.target.value;
  return wanted ? shown.findIndex(({ id }) => id === wanted) : -1;
}

/** Brings the message at `index` into view before anything else is painted, and marks it for a moment. */
export function useTarget(
  store: Store,
  index: number,
  scroller: RefObject<HTMLElement | null>,
  stick: StickToBottom | null,
): void {
  const wanted = index < 0 ? null : store.target.value;
  useLayoutEffect(() => {
    const article =
      wanted &&
      stick &&
      scroller.current?.querySelector<HTMLElement>(`[data-message-id="${CSS.escape(wanted)}"]`);
    if (!article) return;
    stick.leave();
    article.classList.add("found");
    article.scrollIntoView?.({ block: "center" });
    article.focus({ preventScroll: true });
    store.found();
    store.clock.after(MARKED_MS, () => article.classList.remove("found"));
  }, [store, wanted, scroller, stick]);
}
