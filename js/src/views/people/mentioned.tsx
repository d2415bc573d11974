import type { VNode } from "preact";
import type { ChatMessage } from "../../contract";
import type { Store } from "../../store/store";
import { text } from "../../texts/texts";

/** Marks a message that speaks to the reader, in words, so that everybody has it; the style marks the message by it. */
export function Mentioned({ store, message }: { store: Store; message: ChatMessage }): VNode | null {
  const self = store.select.selfId.value;
  const ids = message.metadata?.mentions;
  if (!self || !Array.isArray(ids) || !ids.includes(self) || message.author?.userId === self) return null;
  return <p class="mentioned">{text("people.mentionsYou")}</p>;
}
