import type { VNode } from "preact";
import type { Store } from "../../store";
import { sendingLine } from "../../troubles";

/** What an own message waits for. */
export function Sending({ store }: { store: Store }): VNode {
  return <p class="foot late">{sendingLine(store.kernel.value, store.connection.value)}</p>;
}
