import type { VNode } from "preact";
import { useChunk } from "../../lazy/lazy";
import type { Store } from "../../store/store";

/** How much waits for the hub. */
export function Queued({ store }: { store: Store }): VNode | null {
  const kept = store.select.queue.value?.count ?? 0;
  const live = store.kernel.value === "answering" && store.connection.value?.state === "live";
  const count = kept + (live ? 0 : store.outbox.value.filter(({ state }) => state === "sending").length);
  const { module } = useChunk("queue", count > 0);
  return module && count > 0 ? <module.QueueButton store={store} count={count} /> : null;
}
