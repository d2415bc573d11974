// Where the hub's notices stand among the messages.
import type { ChatMessage, NoticeLine } from "../contract";
import { seqOf } from "./parts";

/**
 * Returns the notices that stand after each message, by its id: after the newest that was there when a notice came. A
 * failover whose answer tells of it by itself is left out, and so is what came before the first message at hand.
 */
export function noticesAfter(
  messages: readonly ChatMessage[],
  notices: readonly NoticeLine[],
): Map<string, NoticeLine[]> {
  const after = new Map<string, NoticeLine[]>();
  for (const notice of notices) {
    const about = notice.messageId ? messages.find(({ id }) => id === notice.messageId) : null;
    if (about?.metadata?.segments) continue;
    const message = messages.findLast((each) => seqOf(each) <= notice.afterSeq);
    if (message) after.set(message.id, [...(after.get(message.id) ?? []), notice]);
  }
  return after;
}
