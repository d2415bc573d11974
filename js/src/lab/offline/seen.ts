// The conversations as they were seen last, to be read while the Jupyter server is away.
import type { ChatMessage, ConversationInfo } from "../../contract";
import type { ChatState } from "../../kernel/messages";
import type { Database, Place, Seen } from "./database";

export const MOST_MESSAGES_SEEN = 500;
/** Of all messages of a conversation together, as JSON. */
export const MOST_CHARACTERS_SEEN = 2 ** 20;
export const MOST_SEEN = 200;

/** Keeps a conversation as it is seen now; the one seen least lately goes where there are too many. */
export async function keepSeen(database: Database, place: Place, chat: ChatState, at: number): Promise<void> {
  const messages = newest(chat.messages);
  const hasMore = chat.hasMore || messages.length < chat.messages.length;
  const { queue: _queue, call: _call, variables: _variables, ...rest } = chat;
  const kept: ChatState = { ...rest, messages, hasMore, streams: {}, typing: [], notices: [], failovers: [] };
  const transaction = database.transaction("seen", "readwrite");
  await transaction.store.put({ place, at, chat: kept }, place);
  const count = await transaction.store.count();
  if (count > MOST_SEEN) {
    const oldest = await transaction.store.index("at").getAllKeys(null, count - MOST_SEEN);
    await Promise.all(oldest.map((key) => transaction.store.delete(key)));
  }
  await transaction.done;
}

function newest(messages: readonly ChatMessage[]): ChatMessage[] {
  let room = MOST_CHARACTERS_SEEN;
  const from = messages.findLastIndex((message) => {
    room -= JSON.stringify(message).length;
    return room < 0;
  });
  return messages.slice(from + 1).slice(-MOST_MESSAGES_SEEN);
}

/** What was kept of a conversation; undefined where nothing was, or another build wrote it in another way. */
export async function seenOf(database: Database, place: Place): Promise<Seen | undefined> {
  const kept = await database.get("seen", place);
  const { messages, self, connection } = Object(kept?.chat);
  return Array.isArray(messages) && self && connection && typeof kept?.at === "number" ? kept : undefined;
}

/** Keeps nothing of a conversation any more: whoever was removed from it reads no more of it. */
export function forgetSeen(database: Database, place: Place): Promise<void> {
  return database.delete("seen", place);
}

export async function keepList(
  database: Database,
  [server, userId]: Place,
  list: ConversationInfo[],
): Promise<void> {
  await database.put("lists", list, [server, userId]);
}

/** The conversations of a person that can be read here now. */
export async function readableOf(database: Database, [server, userId]: Place): Promise<ConversationInfo[]> {
  const kept: unknown = await database.get("lists", [server, userId]);
  const list: ConversationInfo[] = Array.isArray(kept) ? kept : [];
  const found = await Promise.all(
    list.map(({ conversationId }) => database.getKey("seen", [server, userId, conversationId])),
  );
  return list.filter((_, at) => found[at] !== undefined);
}
