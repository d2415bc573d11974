import type { VNode } from "preact";
import type { Store } from "../store";
import { text } from "../texts/texts";

/** How many messages wait for the connection. */
export function Queued({ store }: { store: Store }): VNode | null {
  const count = store.outbox.value.filter(({ state }) => state === "sending").length;
  const live = store.kernel.value === "answering" && store.connection.value?.state === "live";
  return count > 0 && !live ? <span class="queued">{text("connection.queued", { count })}</span> : null;
}
