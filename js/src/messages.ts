// What a message says about itself.
import type { ChatMessage, MessageStatus } from "./contract";

const FINAL: ReadonlySet<MessageStatus> = new Set(["complete", "cancelled", "interrupted", "error"]);

/** Text of a message, parts joined by blank lines; images are left out. */
export function textOf(message: ChatMessage): string {
  if (typeof message.content === "string") return message.content;
  return message.content.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("\n\n");
}

/** Position in the conversation; a message without one comes last. */
export function seqOf(message: ChatMessage | undefined): number {
  return message?.metadata?.seq ?? Number.POSITIVE_INFINITY;
}

/** Whether nothing more will be written to the message; a hub without statuses is judged by what there is. */
export function isFinal(message: ChatMessage): boolean {
  const { status, finishReason } = message.metadata ?? {};
  if (status) return FINAL.has(status);
  return message.role !== "assistant" || Boolean(textOf(message) || message.error || finishReason);
}
