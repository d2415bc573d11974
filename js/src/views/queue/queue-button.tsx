import type { VNode } from "preact";
import type { Store } from "../../store/store";
import { text } from "../../texts/texts";

/** Says how much waits for the hub, and opens the list of it. */
export function QueueButton({ store, count }: { store: Store; count: number }): VNode {
  const { open, sheet } = store.composing;
  return (
    <button
      type="button"
      class="plain queued"
      aria-expanded={sheet.value === "queue"}
      title={text("queue.about", { count })}
      onClick={() => open("queue")}
    >
      {text("queue.count", { count })}
    </button>
  );
}
