import type { VNode } from "preact";
import { useChunk } from "../../lazy/lazy";
import type { Store } from "../../store/store";

/** What waits for the hub, at the end of the conversation, and as of when the rest is; fetched when there is any. */
export function Waiting({ store }: { store: Store }): VNode | null {
  const queue = store.select.queue.value;
  const wanted = Boolean(queue?.count || queue?.asOf);
  const { module } = useChunk("queue", wanted);
  return wanted && module ? <module.WaitingMessages store={store} /> : null;
}
