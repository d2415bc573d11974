// The state of a view and everything that may change it. Pure: no clock, no host, no DOM.
import type { ChatMessage, SendReceipt } from "../contract";
import type { ChatState, KernelMessage, SendOptions, SentOp } from "../kernel/messages";
import { seqOf } from "../messages/parts";
import type { Kept } from "../store/keeper";
import { text } from "../texts/texts";
import { applyOp, merged } from "./ops";
import { NO_LINES, noted, opsOf, type TokenLines } from "./token-lines";

/** What is said of a message that was kept; the outbox holds reasons as they are shown. */
const reloaded = (): string => text("message.reloaded");

/** An own message that the conversation does not contain yet. */
export interface OutgoingMessage {
  id: string;
  text: string;
  /** Which model is to answer it, as `choiceText` writes it. */
  choice: string;
  options: SendOptions;
  requestId: string;
  state: "sending" | "sent" | "failed";
  error: string | null;
}

export interface ViewState {
  /** The number of the last message applied; 0 before the first snapshot. */
  n: number;
  chat: ChatState | null;
  /** Something was missed (or nothing has come yet): say hello, ignore ops until the snapshot. */
  needsHello: boolean;
  outbox: OutgoingMessage[];
  /** Where the texts being written go on. */
  tokenLines: TokenLines;
}

export const EMPTY: ViewState = { n: 0, chat: null, needsHello: true, outbox: [], tokenLines: NO_LINES };

/** Applies one message of the kernel. Messages seen already and unknown kinds change nothing. */
export function receive(state: ViewState, message: KernelMessage): ViewState {
  switch (message.kind) {
    case "snapshot":
      return confirmed({
        ...state,
        n: message.n,
        chat: mergeSnapshot(state.chat, message.state),
        needsHello: false,
        tokenLines: NO_LINES,
      });
    case "ops":
      return receiveOps(state, message.n, message.ops);
    case "tokens": {
      if (state.needsHello) return state;
      const n = state.n + 1;
      const ops = message.digit === n % 10 && opsOf(message, state.tokenLines);
      return ops ? receiveOps(state, n, ops) : { ...state, needsHello: true };
    }
    case "reply":
      return message.ok
        ? markSent(state, message.requestId, message.result as SendReceipt | undefined)
        : failSend(state, message.requestId, message.error.message);
    default:
      return state;
  }
}

function receiveOps(state: ViewState, n: number, ops: SentOp[]): ViewState {
  if (!state.chat || state.needsHello || n <= state.n) return state;
  if (n !== state.n + 1) return { ...state, needsHello: true };
  let { chat, tokenLines } = state;
  for (const op of ops) {
    const next = applyOp(chat, op);
    if (!next) return { ...state, chat, needsHello: true };
    chat = next;
    tokenLines = noted(tokenLines, op);
  }
  return confirmed({ ...state, n, chat, tokenLines });
}

/** Removes from the outbox what the conversation now contains, and what the kernel keeps for the hub. */
function confirmed(state: ViewState): ViewState {
  if (state.outbox.length === 0) return state;
  const { messages = [], queue } = state.chat ?? {};
  const present = new Set([...messages, ...(queue?.items ?? [])].map(({ id }) => id));
  return { ...state, outbox: state.outbox.filter((message) => !present.has(message.id)) };
}

/** A snapshot replaces everything, but older pages that were loaded and join it without a gap are kept. */
function mergeSnapshot(before: ChatState | null, snapshot: ChatState): ChatState {
  if (before?.epoch !== snapshot.epoch || before.conversationId !== snapshot.conversationId) return snapshot;
  const known = new Map(before.messages.map((message) => [message.id, message]));
  const messages = snapshot.messages.map((message) => sameObject(known, message));
  const first = seqOf(messages[0]);
  const older = before.messages.filter((message) => seqOf(message) < first);
  const overlaps = before.messages.some((message) => message.id === messages[0]?.id);
  if (!snapshot.hasMore || older.length === 0 || !overlaps) return { ...snapshot, messages };
  return { ...snapshot, messages: merged(older, messages), hasMore: before.hasMore };
}

/** An unchanged message keeps its identity, so that it is not rendered again. */
function sameObject(known: ReadonlyMap<string, ChatMessage>, message: ChatMessage): ChatMessage {
  const before = known.get(message.id);
  return before && JSON.stringify(before) === JSON.stringify(message) ? before : message;
}

/** Shows an own message at once, or tries a failed one again under its id. */
export function startSend(
  state: ViewState,
  id: string,
  requestId: string,
  text: string,
  choice = "",
  options: SendOptions = {},
): ViewState {
  const message: OutgoingMessage = {
    ...{ id, text, choice, options, requestId },
    ...{ state: "sending", error: null },
  };
  const known = state.outbox.some((candidate) => candidate.id === id);
  const outbox = known
    ? state.outbox.map((candidate) => (candidate.id === id ? message : candidate))
    : [...state.outbox, message];
  return { ...state, outbox };
}

/** Shows messages kept from before a reload, for another try; those the conversation has are left out. */
export function restoreUnsent(state: ViewState, kept: readonly Kept[]): ViewState {
  const known = new Set([...(state.chat?.messages ?? []), ...state.outbox].map((message) => message.id));
  const restored = kept
    .filter(({ id }) => !known.has(id))
    .map(
      ({ id, text, choice = "", options = {} }): OutgoingMessage => ({
        ...{ id, text, choice, options, requestId: "" },
        ...{ state: "failed", error: reloaded() },
      }),
    );
  return restored.length > 0 ? { ...state, outbox: [...restored, ...state.outbox] } : state;
}

export function failSend(state: ViewState, requestId: string, error: string): ViewState {
  return updateOutgoing(state, requestId, { state: "failed", error });
}

export function discard(state: ViewState, id: string): ViewState {
  return { ...state, outbox: state.outbox.filter((message) => message.id !== id) };
}

function markSent(state: ViewState, requestId: string, receipt: SendReceipt | undefined): ViewState {
  return receipt ? updateOutgoing(state, requestId, { state: "sent", error: null }) : state;
}

function updateOutgoing(state: ViewState, requestId: string, change: Partial<OutgoingMessage>): ViewState {
  if (!state.outbox.some((message) => message.requestId === requestId)) return state;
  const outbox = state.outbox.map((message) =>
    message.requestId === requestId ? { ...message, ...change } : message,
  );
  return { ...state, outbox };
}
