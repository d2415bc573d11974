// What a screen reader hears: whole sentences of an answer, and other people's messages. Never each token.
import { prefix } from "../code-points";
import type { ChatMessage } from "../contract";
import type { ChatState } from "../kernel/messages";
import { text } from "../texts/texts";
import { emptyLine, endingLine, shownName } from "../views/words";
import { isDeleted, isFinal, noticeOf, seqOf, textOf, withoutWords } from "./parts";

const SENTENCE = /[^\n]*?[.!?:…][)"'”’*_`]*(?=\s)|[^\n]*\n/y;
const LONGEST = 300;
/** The most Markdown read for one announcement: unclosed marks would take quadratic time in the rest. */
const LONGEST_SOURCE = 2_000;
const KEPT = 6;

export interface Announcement {
  key: number;
  text: string;
}

/** Returns where the last finished sentence at or after `from` ends. */
export function sentenceEnd(text: string, from: number): number {
  let end = from;
  SENTENCE.lastIndex = from;
  while (SENTENCE.test(text)) end = SENTENCE.lastIndex;
  return end;
}

/** Returns Markdown as it is read aloud, without marks. */
export function spoken(markdown: string): string {
  const plain = markdown
    .slice(0, LONGEST_SOURCE)
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/^\s*(?:`{3,}(?!.*`)|~~~).*$/gm, "")
    .replace(/[*_`#>|]+(?![*_`#>|.,;:!?)])/g, " ")
    .replace(/[*_`#>|]/g, "");
  return brief(plain);
}

/** Returns a text on one line, shortened when it is long. */
function brief(text: string): string {
  const line = text.slice(0, LONGEST_SOURCE).replace(/\s+/g, " ").trim();
  return line.length > LONGEST ? `${prefix(line, LONGEST)}…` : line;
}

export interface Announcer {
  /** Compares the chat with the last one seen; `silent` takes it as history. Returns what is to be said. */
  update(chat: ChatState, silent: boolean): Announcement[];
}

export function createAnnouncer(): Announcer {
  /** How many characters of each open answer were announced already. */
  const said = new Map<string, number>();
  let heard = new Set<string>();
  let told = new Set<string>();
  /** Position of the oldest message at hand: what is older comes from the history. */
  let oldest = Number.NEGATIVE_INFINITY;
  let list: Announcement[] = [];
  let key = 0;

  const say = (line: string): void => {
    if (!line) return;
    key += 1;
    list = [...list.slice(1 - KEPT), { key, text: line }];
  };

  const openAnswer = (id: string, text: string, silent: boolean): void => {
    const from = said.get(id) ?? 0;
    const end = silent ? text.length : sentenceEnd(text, from);
    if (!silent && end > from) say(spoken(text.slice(from, end)));
    said.set(id, end);
  };

  const finished = (message: ChatMessage, chat: ChatState, silent: boolean): void => {
    heard.add(message.id);
    const from = said.get(message.id) ?? 0;
    said.delete(message.id);
    if (silent || isDeleted(message) || message.author?.userId === chat.self.userId) return;
    const whole = textOf(message);
    const rest = whole.slice(from);
    if (message.role === "user") {
      const words = brief(rest) || withoutWords(message);
      say(`${shownName(message.author?.userName ?? text("message.someone"))}: ${words}`);
    } else {
      // Also what a reader sees beneath an answer that is not simply whole, or in its place.
      const empty = !whole.trim() && emptyLine(message);
      say([spoken(rest), empty, noticeOf(message), endingLine(message)].filter(Boolean).join(" "));
    }
  };

  const tellNotices = ({ notices }: ChatState, silent: boolean): void => {
    for (const { id, text } of notices) if (!silent && !told.has(id)) say(brief(text));
    told = new Set(notices.map(({ id }) => id));
  };

  /** Forgets messages that have left the view. */
  const forget = (chat: ChatState): void => {
    heard = new Set(chat.messages.flatMap(({ id }) => (heard.has(id) ? [id] : [])));
    for (const id of said.keys()) {
      if (!Object.hasOwn(chat.streams, id) && !chat.messages.some((message) => message.id === id))
        said.delete(id);
    }
  };

  return {
    update(chat, silent) {
      for (const [id, stream] of Object.entries(chat.streams)) openAnswer(id, stream.text, silent);
      for (const message of chat.messages) {
        if (heard.has(message.id) || Object.hasOwn(chat.streams, message.id) || !isFinal(message)) continue;
        finished(message, chat, silent || seqOf(message) < oldest);
      }
      tellNotices(chat, silent);
      oldest = chat.messages.length > 0 ? seqOf(chat.messages[0]) : oldest;
      if (heard.size + said.size > 2 * chat.messages.length + KEPT) forget(chat);
      return list;
    },
  };
}
