import type { VNode } from "preact";
import type { ChatMessage } from "../../contract";
import { AsWritten } from "../../markdown/rendering/as-written";
import { textOf } from "../../messages/parts";
import type { Store } from "../../store/store";
import { text } from "../../texts/texts";

interface PlainMessageProps {
  store: Store;
  message: ChatMessage;
  streaming: boolean;
}

/** A message that could not be drawn: its words and nothing else. */
export function PlainMessage({ store, message, streaming }: PlainMessageProps): VNode {
  const words = (streaming && store.liveText(message.id).value) || writtenText(message);
  return (
    <article class="message" data-message-id={message.id} aria-label={text("message.label")}>
      <div class="column">
        <div class="bubble">
          <AsWritten text={words || text("message.unshown")} />
        </div>
      </div>
    </article>
  );
}

function writtenText(message: ChatMessage): string {
  try {
    return textOf(message);
  } catch {
    // Its content is none of the kinds there are.
    return "";
  }
}
