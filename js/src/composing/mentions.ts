// Who a text names with "@": people of the conversation, and models.
import type { Choice } from "../kernel/messages";

/** Somebody or something that can be named. */
export interface Mentionable {
  /** What stands after the "@". */
  name: string;
  /** A person's id; null for a model and for the assistant. */
  userId: string | null;
  /** The model that is asked where one is named. */
  choice: Choice | null;
}

/**
 * Those that a text names, each once; of names that begin alike the longest is meant. People who are called the same are
 * all meant: the text does not say which.
 */
export function mentioned(text: string, known: readonly Mentionable[]): Mentionable[] {
  const byLength = known
    .filter(({ name }) => name)
    .sort((left, right) => right.name.length - left.name.length)
    .map((each) => ({ each, name: folded(each.name) }));
  const lowered = folded(withoutCode(text));
  const found = new Set<Mentionable>();
  for (let at = lowered.indexOf("@"); at >= 0; at = lowered.indexOf("@", at + 1)) {
    if (ENDS_IN_WORD.test(lowered.slice(Math.max(0, at - 2), at))) continue; // an address, not a name
    const isNamed = ({ name }: { name: string }): boolean => {
      const end = at + 1 + name.length;
      return lowered.startsWith(name, at + 1) && !BEGINS_WITH_WORD.test(lowered.slice(end, end + 2));
    };
    const hit = byLength.find(isNamed);
    if (!hit) continue;
    const { userId } = hit.each;
    const namesakes = byLength.filter(({ each, name }) => each.userId !== null && name === hit.name);
    for (const { each } of userId === null ? [hit] : namesakes) found.add(each);
  }
  return [...found];
}

/** In code, "@" is a decorator or a matrix product. A fence's first line has no other backticks: else it is code in a line. */
const FENCED = /^ {0,3}(`{3,}(?!.*`)|~{3,})[\s\S]*?(?:^ {0,3}\1|$(?![\s\S]))/gm;
const CODE = /`[^`\n]*`/g;

function withoutCode(text: string): string {
  return text.replace(FENCED, "").replace(CODE, " ");
}

/** A letter may be written as one character or with its accent after it: macOS writes names of files the other way. */
function folded(text: string): string {
  return text.normalize("NFC").toLowerCase();
}

/** Looked for in two units: a letter beyond the first plane has as many. */
const ENDS_IN_WORD = /[\p{L}\p{N}\p{M}_]$/u;
const BEGINS_WITH_WORD = /^[\p{L}\p{N}\p{M}_]/u;
