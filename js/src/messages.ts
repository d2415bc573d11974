// What a message says about itself.
import type { ChatMessage, MessageStatus } from "./contract";
import type { ChatState, StreamText } from "./kernel-messages";
import { plainLine } from "./plain";

const FINAL: ReadonlySet<MessageStatus> = new Set(["complete", "cancelled", "interrupted", "error"]);

/** Text of a message, parts joined by blank lines; images are left out. */
export function textOf({ content }: ChatMessage): string {
  if (typeof content === "string") return content;
  return content.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("\n\n");
}

/** Addresses of a message's images. */
export function imagesOf({ content }: ChatMessage): string[] {
  if (typeof content === "string") return [];
  return content.flatMap((part) => (part.type === "image_url" ? [part.image_url.url] : []));
}

/** Text that people have read of an answer whose hub broke off before it stored that; empty if there is none. */
export function lostText({ metadata }: ChatMessage): string {
  return typeof metadata?.unstored === "string" ? metadata.unstored.trim() : "";
}

/** What the hub has to say about an answer, in a sentence; empty if there is nothing. */
export function noticeOf({ metadata }: ChatMessage): string {
  return plainLine(metadata?.notice);
}

/** What the model thought before it answered; empty if nothing is known of that. */
export function reasoningOf({ metadata }: ChatMessage): string {
  return typeof metadata?.reasoning === "string" ? metadata.reasoning.trim() : "";
}

/** The stream of an answer. Ids come from others: one may be the name of something that every object has. */
export function streamOf(streams: ChatState["streams"] | undefined, id: string): StreamText | undefined {
  return streams && Object.hasOwn(streams, id) ? streams[id] : undefined;
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
