import type { VNode } from "preact";
import type { Store } from "../../store/store";
import { text } from "../../texts/texts";

/** In place of messages, before there are any. */
export function Empty({ store }: { store: Store }): VNode {
  const joined = store.select.settled.value && store.connection.value?.state !== "connecting";
  if (!joined) return <p class="empty">{text("transcript.opening")}</p>;
  return (
    <div class="empty">
      <p class="lead">{text("transcript.empty")}</p>
      <p>{text("transcript.emptyShared", { conversation: store.select.conversationId.value })}</p>
    </div>
  );
}
