import type { VNode } from "preact";
import type { ChatMessage } from "../../contract";
import type { Store } from "../../store/store";
import { text } from "../../texts/texts";
import { personName } from "./person-name";

/** In place of a message that was deleted, or that will be unless one changes one's mind. */
export function Gone({ store, message }: { store: Store; message: ChatMessage }): VNode {
  const { deletedAt, deletedBy } = message.metadata ?? {};
  const waits = !deletedAt && store.deleting.value.get(message.id) !== 0;
  return (
    <article
      class="message gone"
      data-message-id={message.id}
      aria-label={text("message.label")}
      tabIndex={-1}
    >
      <p class="waiting">
        {deletedAt ? goneWords(store, deletedBy) : text("message.deletedUndo")}
        {waits && (
          <>
            {" · "}
            <button type="button" class="plain" onClick={() => store.undoRemove(message.id)}>
              {text("message.undo")}
            </button>
          </>
        )}
      </p>
    </article>
  );
}

function goneWords(store: Store, by: unknown): string {
  if (typeof by !== "string" || !by) return text("message.deleted");
  if (by === store.select.selfId.value) return text("message.deletedByYou");
  return text("message.deletedBy", { name: personName(store, by) });
}
