import type { VNode } from "preact";
import { sendingLine } from "../../state/troubles";
import type { Store } from "../../store/store";

/** What an own message waits for. */
export function Sending({ store }: { store: Store }): VNode {
  return <p class="foot late">{sendingLine(store.kernel.value, store.connection.value)}</p>;
}
