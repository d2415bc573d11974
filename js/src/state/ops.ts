// Applies the kernel's ops to the chat. Pure; the Python side passes the same vectors (tests/vectors/ops.json).
import { codePoints, dropCodePoints } from "../code-points";
import type { ChatMessage, NoticeLine, Op } from "../contract";
import type { ChatState, StreamText } from "../kernel/messages";
import { isFinal, isRevised, seqOf, streamOf } from "../messages/parts";

/** The most messages kept; the oldest beyond it are dropped and can be loaded from the history again. */
export const MAX_MESSAGES = 10_000;

/** The most notices kept, as in the kernel. */
const MAX_NOTICES = 20;

/** Applies one op; `null` means that text is missing and a snapshot is needed. Unknown ops change nothing. */
export function applyOp(chat: ChatState, op: Op): ChatState | null {
  switch (op.op) {
    case "message":
      return withMessage(chat, op.message);
    case "token":
      return withToken(chat, op);
    case "streamEnd":
      return withStreamEnd(chat, op.id);
    case "typing":
      return { ...chat, typing: op.userIds };
    case "readMarks":
      return { ...chat, readMarks: op.marks };
    case "participants":
    case "conversation":
    case "call":
    case "provider":
    case "providers":
    case "connection":
    case "paused": {
      const { op: _kind, ...news } = op; // in the state's own names
      return { ...chat, ...news };
    }
    case "notice":
      return withNotice(chat, op.notice);
    case "queue":
      return { ...chat, queue: op.queue };
    case "history":
      return { ...chat, messages: merged(op.messages, chat.messages), hasMore: op.hasMore };
    default:
      return chat;
  }
}

/** Merges both lists by seq; of a message in both, the version in `newer` is kept. */
export function merged(older: ChatMessage[], newer: ChatMessage[]): ChatMessage[] {
  const known = new Set(newer.map((message) => message.id));
  return [...older.filter((message) => !known.has(message.id)), ...newer].sort(bySeq);
}

function bySeq(left: ChatMessage, right: ChatMessage): number {
  const [a, b] = [seqOf(left), seqOf(right)];
  return a === b ? 0 : a - b;
}

function withMessage(chat: ChatState, message: ChatMessage): ChatState {
  if (isBeforeAll(chat, message) && isRevised(message)) return chat;
  const others = chat.messages.filter((known) => known.id !== message.id);
  const after = others.findIndex((known) => seqOf(known) > seqOf(message));
  const messages = others.toSpliced(after < 0 ? others.length : after, 0, message);
  const streams = isFinal(message) ? withoutStream(chat.streams, message.id) : chat.streams;
  if (messages.length <= MAX_MESSAGES) return { ...chat, messages, streams };
  return { ...chat, messages: messages.slice(-MAX_MESSAGES), streams, hasMore: true };
}

/** Such a message comes with its page: shown now, it would leave a hole before those that were loaded. */
function isBeforeAll({ hasMore, messages: [oldest] }: ChatState, message: ChatMessage): boolean {
  return hasMore && oldest !== undefined && seqOf(message) < seqOf(oldest);
}

function withNotice(chat: ChatState, notice: NoticeLine): ChatState {
  if (chat.notices.some(({ id }) => id === notice.id)) return chat;
  return { ...chat, notices: [...chat.notices, notice].slice(-MAX_NOTICES) };
}

function withToken(chat: ChatState, op: Extract<Op, { op: "token" }>): ChatState | null {
  const known = chat.messages.findLast((message) => message.id === op.id);
  if (known && isFinal(known)) return chat;
  const stream = streamOf(chat.streams, op.id) ?? { text: "", metrics: null };
  if (op.kind === "reasoning") return withReasoning(chat, op, stream);
  const length = lengthOf(stream);
  if (op.offset > length) return null;
  const fresh = op.offset === length ? op.text : dropCodePoints(op.text, length - op.offset);
  const next: StreamText = { ...stream, text: stream.text + fresh, metrics: op.metrics ?? stream.metrics };
  lengths.set(next, length + codePoints(fresh));
  return { ...chat, streams: { ...chat.streams, [op.id]: next } };
}

/** Adds reasoning. A gap changes nothing, because the final message has the whole text. */
function withReasoning(chat: ChatState, op: Extract<Op, { op: "token" }>, stream: StreamText): ChatState {
  const known = stream.reasoning ?? "";
  const length = codePoints(known);
  if (op.offset > length) return chat;
  const reasoning = known + dropCodePoints(op.text, length - op.offset);
  const next: StreamText = { ...stream, reasoning, metrics: op.metrics ?? stream.metrics };
  lengths.set(next, lengthOf(stream));
  return { ...chat, streams: { ...chat.streams, [op.id]: next } };
}

/** The text so far stays visible until the message's final text arrives. */
function withStreamEnd(chat: ChatState, id: string): ChatState {
  const stream = streamOf(chat.streams, id);
  if (!stream) return chat;
  const messages = chat.messages.map((message) =>
    message.id === id && !isFinal(message) ? ended(message, stream) : message,
  );
  return { ...chat, messages, streams: withoutStream(chat.streams, id) };
}

function ended(message: ChatMessage, { text, reasoning }: StreamText): ChatMessage {
  const metadata = reasoning ? { ...message.metadata, reasoning } : message.metadata;
  return { ...message, content: text, ...(metadata && { metadata }) };
}

function withoutStream(streams: ChatState["streams"], id: string): ChatState["streams"] {
  if (!Object.hasOwn(streams, id)) return streams;
  const { [id]: _ended, ...rest } = streams;
  return rest;
}

/** Remembers the length of each text, because counting it at every token would take quadratic time. */
const lengths = new WeakMap<StreamText, number>();

function lengthOf(stream: StreamText): number {
  const known = lengths.get(stream) ?? codePoints(stream.text);
  lengths.set(stream, known);
  return known;
}
