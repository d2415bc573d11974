import type { VNode } from "preact";
import { prefix } from "../../code-points";
import type { ChatMessage } from "../../contract";
import { spoken } from "../../messages/announce";
import { isDeleted, textOf, withoutWords } from "../../messages/parts";
import type { Store } from "../../store/store";
import { text } from "../../texts/texts";
import { assistantName, shownName } from "../words";

const LONGEST = 90;

/** What a message answers, in a line; pressed, it is brought into view. */
export function Quote({ store, message }: { store: Store; message: ChatMessage }): VNode | null {
  const { replyTo } = message.metadata ?? {};
  if (typeof replyTo !== "string" || !replyTo) return null;
  const source = store.select.messages.value.find(({ id }) => id === replyTo);
  return (
    <button type="button" class="quiet quote" onClick={() => store.show(replyTo)}>
      {source ? quoteWords(source) : text("message.replyToUnknown")}
    </button>
  );
}

/** "In reply to Ada: the first words of it…" */
export function quoteWords(source: ChatMessage): string {
  if (isDeleted(source)) return text("message.replyToUnknown");
  const line = spoken(textOf(source)) || withoutWords(source);
  const words = prefix(line, LONGEST);
  const name =
    source.role === "assistant"
      ? assistantName(source.metadata?.model)
      : shownName(source.author?.userName ?? text("message.someone"));
  return text("message.replyTo", { name, words: words.length < line.length ? `${words}…` : words });
}
