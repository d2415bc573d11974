import type { VNode } from "preact";
import type { Store } from "../../store/store";
import { text } from "../../texts/texts";

/** Says that the next message begins a context of its own, and lets that be taken back. */
export function FreshNotice({ store }: { store: Store }): VNode | null {
  if (!store.composing.fresh.value) return null;
  return (
    <p class="fresh" role="status">
      <span>{text("composer.fresh")}</span>
      <button
        type="button"
        class="quiet"
        onClick={() => {
          store.composing.fresh.value = false;
        }}
      >
        {text("composer.freshUndo")}
      </button>
    </p>
  );
}
