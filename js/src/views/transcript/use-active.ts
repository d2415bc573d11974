import { type ReadonlySignal, useSignal } from "@preact/signals";

export interface Active {
  /** Id of the message that is looked at. */
  readonly id: ReadonlySignal<string | null>;
  onPointerOver(event: PointerEvent): void;
  onPointerLeave(event: PointerEvent): void;
  onFocusIn(event: FocusEvent): void;
}

/** Which message is looked at: the one under the pointer, else the one with the focus. An open menu keeps it. */
export function useActive(): Active {
  const id = useSignal<string | null>(null);
  const look = (at: EventTarget | null): void => {
    if (!(at instanceof Element)) return;
    const root = at.getRootNode() as ParentNode;
    if (root.querySelector(".toolbar.open")) return;
    const article = at.closest<HTMLElement>("[data-message-id]");
    if (article) id.value = article.dataset.messageId ?? null;
  };
  return {
    id,
    onPointerOver: (event) => look(event.target),
    onPointerLeave(event) {
      const scroller = event.currentTarget as HTMLElement;
      if (event.pointerType === "touch" || scroller.querySelector(".toolbar.open")) return;
      const focused = (scroller.getRootNode() as Document | ShadowRoot).activeElement;
      const article = focused?.closest<HTMLElement>("[data-message-id]");
      id.value = article?.dataset.messageId ?? null;
    },
    onFocusIn: (event) => look(event.target),
  };
}
