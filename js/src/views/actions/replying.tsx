import type { VNode } from "preact";
import { useEffect } from "preact/hooks";
import type { ChatMessage } from "../../contract";
import type { Store } from "../../store/store";
import { text } from "../../texts/texts";
import { quoteWords } from "../message/quote";
import { CloseIcon } from "./icons";

/** Returns the message as it stands now: of one that was deleted meanwhile the words are not shown any more. */
function newest(store: Store): ChatMessage | null {
  const chosen = store.replyTo.value;
  return store.select.messages.value.find(({ id }) => id === chosen?.id) ?? chosen;
}

/** What the next message answers, over the field that it is written in. */
export function Replying({ store, focus }: { store: Store; focus(): void }): VNode | null {
  const message = newest(store);
  useEffect(() => {
    if (message) focus();
  }, [message?.id]);
  if (!message) return null;
  return (
    <p class="replying">
      <button type="button" class="quiet quote" onClick={() => store.show(message.id)}>
        {quoteWords(message)}
      </button>
      <button
        type="button"
        class="quiet"
        aria-label={text("message.replyCancel")}
        title={text("message.replyCancel")}
        onClick={() => {
          store.replyTo.value = null;
          focus();
        }}
      >
        <CloseIcon />
      </button>
    </p>
  );
}
