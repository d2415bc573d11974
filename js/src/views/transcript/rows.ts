// What stands between the messages: days, who goes on, what is new, the hub's notices, who has read how far. Pure.
import type { ChatMessage, NoticeLine } from "../../contract";
import { noticesAfter } from "../../messages/notices";
import { isDeleted, seqOf } from "../../messages/parts";

/** Messages of one person within this time stand together. */
const TOGETHER_MS = 5 * 60_000;

export interface Row {
  message: ChatMessage;
  /** The day that begins with it, as its first moment says it; null where it is still the same. */
  day: string | null;
  /** Whether it is the first that has not been read. */
  isUnread: boolean;
  /** Whether it goes on what the same person wrote just before. */
  follows: boolean;
  /** What the hub told everybody after it. */
  notices: readonly NoticeLine[];
  /** Ids of those who have read up to here and no further. */
  readers: readonly string[];
}

interface RowsOptions {
  notices: readonly NoticeLine[];
  /** Everything up to this position had been read before; null where nothing is new. */
  unreadAfter: number | null;
  readMarks: Readonly<Record<string, number>>;
  selfId: string;
}

const NOBODY: readonly string[] = [];
const NOTHING: readonly NoticeLine[] = [];

/** Returns the rows of a part of the messages; what stands before and after it decides on its edges. */
export function rowsIn(
  messages: readonly ChatMessage[],
  { start, end }: { start: number; end: number },
  options: RowsOptions,
): Row[] {
  const before = Math.min(start, 1);
  return rowsOf(messages.slice(start - before, end + 1), options).slice(before, before + end - start);
}

/** Returns a row for each message. */
export function rowsOf(messages: readonly ChatMessage[], options: RowsOptions): Row[] {
  const notices = noticesAfter(messages, options.notices);
  const readers = readersOf(messages, options.readMarks, options.selfId);
  let before: ChatMessage | undefined;
  let dayBefore = "";
  let isNewSaid = false;
  return messages.map((message) => {
    const timestamp = message.metadata?.timestamp;
    const day = dayOf(timestamp) || dayBefore;
    const isNewDay = day !== dayBefore;
    const isUnread = !isNewSaid && isNew(message, options);
    isNewSaid ||= isUnread;
    const row: Row = {
      message,
      day: isNewDay && timestamp ? timestamp : null,
      isUnread,
      follows: !isNewDay && !isUnread && goesOn(before, message) && !notices.has(before?.id ?? ""),
      notices: notices.get(message.id) ?? NOTHING,
      readers: readers.get(message.id) ?? NOBODY,
    };
    before = message;
    dayBefore = day;
    return row;
  });
}

function isNew(message: ChatMessage, { unreadAfter, selfId }: RowsOptions): boolean {
  return unreadAfter !== null && seqOf(message) > unreadAfter && message.author?.userId !== selfId;
}

function goesOn(before: ChatMessage | undefined, message: ChatMessage): boolean {
  if (before?.role !== "user" || message.role !== "user" || isDeleted(before)) return false;
  if (!message.author || before.author?.userId !== message.author.userId || message.metadata?.replyTo)
    return false;
  const between =
    Date.parse(message.metadata?.timestamp ?? "") - Date.parse(before.metadata?.timestamp ?? "");
  return between >= 0 && between < TOGETHER_MS;
}

/** The day of the browser's calendar; empty where there is no time. */
function dayOf(timestamp: string | undefined): string {
  const date = new Date(timestamp ?? Number.NaN);
  return Number.isNaN(date.getTime()) ? "" : date.toDateString();
}

/** Who has read up to each message: the others alone, at the newest that their mark covers. */
function readersOf(
  messages: readonly ChatMessage[],
  marks: RowsOptions["readMarks"],
  selfId: string,
): Map<string, string[]> {
  const readers = new Map<string, string[]>();
  for (const [userId, mark] of Object.entries(marks)) {
    if (userId === selfId || !(mark > 0)) continue;
    const message = messages.findLast((each) => seqOf(each) <= mark);
    if (message) readers.set(message.id, [...(readers.get(message.id) ?? []), userId]);
  }
  return readers;
}
