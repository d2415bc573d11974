// What a screen reader hears: whole sentences of an answer, and other people's messages. Never each token.
import type { ChatMessage, ChatState } from "./contract";
import { isFinal, textOf } from "./messages";

const SENTENCE = /[^\n]*?[.!?:…][)"'”’*_`]*(?=\s)|[^\n]*\n/y;
const LONGEST = 300;
const KEPT = 6;

export interface Announcement {
  key: number;
  text: string;
}

/** Where the last finished sentence at or after `from` ends. */
export function sentenceEnd(text: string, from: number): number {
  let end = from;
  SENTENCE.lastIndex = from;
  while (SENTENCE.test(text)) end = SENTENCE.lastIndex;
  return end;
}

/** Markdown read aloud: marks dropped. */
export function spoken(markdown: string): string {
  const plain = markdown
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/^\s*(```|~~~).*$/gm, "")
    .replace(/[*_`#>|]+/g, " ")
    .replace(/\s+/g, " ")
    .trim();
  return plain.length > LONGEST ? `${plain.slice(0, LONGEST)}…` : plain;
}

export interface Announcer {
  /** Compares the chat with the last one seen; `silent` takes it as history. Returns what is to be said. */
  update(chat: ChatState, silent: boolean): Announcement[];
}

export function createAnnouncer(): Announcer {
  /** Characters of each open answer that were said already. */
  const said = new Map<string, number>();
  const heard = new Set<string>();
  let list: Announcement[] = [];
  let key = 0;

  const say = (text: string): void => {
    const line = spoken(text);
    if (!line) return;
    key += 1;
    list = [...list.slice(1 - KEPT), { key, text: line }];
  };

  const openAnswer = (id: string, text: string, silent: boolean): void => {
    const from = said.get(id) ?? 0;
    const end = silent ? text.length : sentenceEnd(text, from);
    if (!silent && end > from) say(text.slice(from, end));
    said.set(id, end);
  };

  const finished = (message: ChatMessage, chat: ChatState, silent: boolean): void => {
    heard.add(message.id);
    const from = said.get(message.id) ?? 0;
    said.delete(message.id);
    if (silent || message.author?.userId === chat.self.userId) return;
    const rest = textOf(message).slice(from);
    if (message.role === "user") say(`${message.author?.userName ?? "Someone"}: ${rest}`);
    else say(rest);
  };

  return {
    update(chat, silent) {
      for (const [id, stream] of Object.entries(chat.streams)) openAnswer(id, stream.text, silent);
      for (const message of chat.messages) {
        if (heard.has(message.id) || message.id in chat.streams || !isFinal(message)) continue;
        finished(message, chat, silent);
      }
      return list;
    },
  };
}
