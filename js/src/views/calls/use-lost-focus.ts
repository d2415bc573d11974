import type { RefObject } from "preact";
import { useLayoutEffect } from "preact/hooks";

/** Takes the focus when a view comes in the place of another in which it was: the keys would go to the page. */
export function useLostFocus(ref: RefObject<HTMLElement | null>): void {
  useLayoutEffect(() => {
    const root = ref.current?.getRootNode() as ShadowRoot | Document | undefined;
    const isLost = document.activeElement === document.body || root?.activeElement?.closest(".sheet");
    if (isLost) ref.current?.focus({ preventScroll: true });
  }, [ref]);
}
