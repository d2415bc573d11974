// What could complete the word at the caret: a command, a command's word, or a name after "@".

/** One thing that could stand there. */
export interface Suggestion {
  /** Unique within a list. */
  id: string;
  /** What is inserted in place of the query; a space follows it. */
  insert: string;
  /** What is looked for, and shown first. */
  label: string;
  /** A line about it. */
  detail: string;
  /** For people: their id, whose colour and initials are shown. */
  userId?: string;
  /** For commands: the words that may follow, named. */
  hint?: string;
  /** A command that runs without more words. */
  runs?: boolean;
  /** A folder: one goes on from there. */
  goesOn?: boolean;
  /** A name in the kernel. */
  isVariable?: boolean;
}

export interface Completion {
  kind: "command" | "word" | "mention";
  /** Where the query stands in the draft. */
  start: number;
  end: number;
  suggestions: readonly Suggestion[];
}

export interface Sources {
  commands: readonly Suggestion[];
  /** The words of a command, by its name. */
  words(command: string): readonly Suggestion[];
  mentions: readonly Suggestion[];
}

const MOST = 30;
const LONGEST_NAME = 60;

/** Returns what could complete `text` at `caret`; null where nothing could. */
export function completionAt(text: string, caret: number, sources: Sources): Completion | null {
  return commandAt(text, caret, sources) ?? mentionAt(text, caret, sources.mentions);
}

function commandAt(text: string, caret: number, sources: Sources): Completion | null {
  const before = text.slice(0, caret);
  const name = /^\/([\p{L}]*)$/u.exec(before)?.[1];
  if (name !== undefined) {
    const end = caret + (/^[\p{L}]*/u.exec(text.slice(caret))?.[0].length ?? 0);
    return completion("command", 0, end, matching(name, sources.commands, true));
  }
  const [head, command] = /^\/([\p{L}]+)[ \t]+/u.exec(before) ?? [];
  if (head === undefined || command === undefined || before.includes("\n")) return null;
  const words = sources.words(command.toLowerCase());
  return completion("word", head.length, text.length, matching(before.slice(head.length), words, false));
}

function mentionAt(text: string, caret: number, mentions: readonly Suggestion[]): Completion | null {
  const before = text.slice(Math.max(0, caret - LONGEST_NAME), caret);
  const query = /(?:^|[\s(["'“‘,;:])@([^@\n]*)$/u.exec(before)?.[1];
  if (query === undefined || isInCode(text.slice(0, caret))) return null;
  const found = matching(query, mentions, false);
  // A whole name and a space: it is there already.
  if (query.endsWith(" ") && mentions.some(({ label }) => same(label, query.trim()))) return null;
  return completion("mention", caret - query.length - 1, caret, found);
}

function completion(
  kind: Completion["kind"],
  start: number,
  end: number,
  suggestions: readonly Suggestion[],
): Completion | null {
  return suggestions.length > 0 ? { kind, start, end, suggestions } : null;
}

/** Those that begin with the query, then (where a word in the middle counts) those with a word that does. */
function matching(query: string, all: readonly Suggestion[], onlyStart: boolean): Suggestion[] {
  const asked = fold(query);
  const first = all.filter(({ label }) => fold(label).startsWith(asked));
  if (onlyStart || !asked) return first.slice(0, MOST);
  const inside = all.filter(({ label }) => !fold(label).startsWith(asked) && hasWordFrom(fold(label), asked));
  return [...first, ...inside].slice(0, MOST);
}

function hasWordFrom(label: string, asked: string): boolean {
  for (let at = label.indexOf(asked); at >= 0; at = label.indexOf(asked, at + 1))
    if (/[\s._/-]/.test(label[at - 1] ?? "")) return true;
  return false;
}

function isInCode(before: string): boolean {
  const fences = before.split("\n").filter((line) => /^\s*(?:`{3,}(?!.*`)|~{3,})/.test(line)).length;
  const line = before.slice(before.lastIndexOf("\n") + 1);
  return fences % 2 === 1 || ((line.match(/`/g)?.length ?? 0) % 2 === 1 && !line.startsWith("```"));
}

function same(left: string, right: string): boolean {
  return fold(left) === fold(right);
}

/** Case and accents do not matter to who types. */
function fold(text: string): string {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}
