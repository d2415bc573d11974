// Reads the parts of a message.
import type { ChatMessage, MessageStatus } from "../contract";
import type { ChatState, StreamText } from "../kernel/messages";
import { plainLine, plainName } from "../plain";
import { text } from "../texts/texts";

const FINAL: ReadonlySet<MessageStatus> = new Set(["complete", "cancelled", "interrupted", "error"]);

/** Returns the text of a message, its parts joined by blank lines; images and context are left out. */
export function textOf({ content, metadata }: ChatMessage): string {
  if (typeof content === "string") return content;
  return textsIn(content.slice(0, metadata?.context ? 1 : undefined)).join("\n\n");
}

/** What is said of a message that has no words: the names of its files, which come from others, else that it has none. */
export function withoutWords({ attachments = [] }: ChatMessage): string {
  const names = attachments.map(({ name }) => plainName(name)).filter(Boolean);
  return names.join(", ") || text("message.noText");
}

/** Returns what went to the model with a message, as it reads it. */
export function contextTexts({ content, metadata }: ChatMessage): string[] {
  return metadata?.context && typeof content !== "string" ? textsIn(content.slice(1)) : [];
}

function textsIn(parts: ChatMessage["content"] & object): string[] {
  return parts.flatMap((part) => (part.type === "text" ? [part.text] : []));
}

/** Returns the addresses of a message's images. */
export function imagesOf({ content }: ChatMessage): string[] {
  if (typeof content === "string") return [];
  return content.flatMap((part) => (part.type === "image_url" ? [part.image_url.url] : []));
}

/** Returns text of an answer that people read and a crashed hub did not store; empty if there is none. */
export function lostText({ metadata }: ChatMessage): string {
  return typeof metadata?.unstored === "string" ? metadata.unstored.trim() : "";
}

/** Returns the hub's notice about an answer, one sentence; empty if there is none. */
export function noticeOf({ metadata }: ChatMessage): string {
  return plainLine(metadata?.notice);
}

/** Returns what the model thought before it answered; empty if that is unknown. */
export function reasoningOf({ metadata }: ChatMessage): string {
  return typeof metadata?.reasoning === "string" ? metadata.reasoning.trim() : "";
}

/** Returns the stream of an answer. An id comes from others and may equal the name of an inherited property. */
export function streamOf(streams: ChatState["streams"] | undefined, id: string): StreamText | undefined {
  return streams && Object.hasOwn(streams, id) ? streams[id] : undefined;
}

/** Whether a message was deleted: what is left of it says when and by whom. */
export function isDeleted({ metadata }: ChatMessage): boolean {
  return Boolean(metadata?.deletedAt);
}

/** Whether something was done to a message after it was written: edited, deleted, reacted to. */
export function isRevised({ metadata }: ChatMessage): boolean {
  return ["editedAt", "deletedAt", "reactions"].some((key) => Object.hasOwn(metadata ?? {}, key));
}

/** Returns the reactions to a message: who gave each, the first given first. */
export function reactionsOf({ metadata }: ChatMessage): [emoji: string, userIds: string[]][] {
  const reactions: unknown = metadata?.reactions;
  if (typeof reactions !== "object" || reactions === null) return [];
  return Object.entries(reactions).flatMap(([emoji, users]): [string, string[]][] =>
    Array.isArray(users) && users.length > 0 ? [[plainLine(emoji, 16), users.map(String)]] : [],
  );
}

/** Returns a message's position in the conversation; one without a position comes last. */
export function seqOf(message: ChatMessage | undefined): number {
  return message?.metadata?.seq ?? Number.POSITIVE_INFINITY;
}

/** Whether the message is final. Without a status (an older hub) its content decides. */
export function isFinal(message: ChatMessage): boolean {
  const { status, finishReason } = message.metadata ?? {};
  if (status) return FINAL.has(status);
  return message.role !== "assistant" || Boolean(textOf(message) || message.error || finishReason);
}
