import type { RefObject } from "preact";
import { useEffect } from "preact/hooks";
import type { Store } from "../../store";
import type { StickToBottom } from "./stick-to-bottom";
import type { ShownWindow } from "./use-window";

const MARKED_MS = 1_600;

/** Brings a message that somebody looks for into view, and marks it for a moment. */
export function useTarget(
  store: Store,
  scroller: RefObject<HTMLElement | null>,
  stick: StickToBottom | null,
  window: ShownWindow,
): void {
  const wanted = store.target.value;
  const shown = store.branches.value.shown;
  useEffect(() => {
    const index = wanted ? shown.findIndex(({ id }) => id === wanted) : -1;
    if (!wanted || index < 0 || !scroller.current) return undefined;
    if (index < window.start || index >= window.end) {
      window.include(index);
      return undefined;
    }
    const article = scroller.current.querySelector<HTMLElement>(`[data-message-id="${CSS.escape(wanted)}"]`);
    if (!article) return undefined;
    stick?.leave();
    article.scrollIntoView?.({ block: "center" });
    article.focus({ preventScroll: true });
    article.classList.add("found");
    store.found();
    return store.clock.after(MARKED_MS, () => article.classList.remove("found"));
  }, [store, wanted, shown, window.start, window.end, scroller, stick]);
}
