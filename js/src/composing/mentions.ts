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

/** Those that a text names, each once; of names that begin alike the longest is meant. */
export function mentioned(text: string, known: readonly Mentionable[]): Mentionable[] {
  const byLength = known
    .filter(({ name }) => name)
    .sort((left, right) => right.name.length - left.name.length)
    .map((each) => ({ each, name: each.name.toLowerCase() }));
  const lowered = withoutCode(text).toLowerCase();
  const found = new Set<Mentionable>();
  for (let at = lowered.indexOf("@"); at >= 0; at = lowered.indexOf("@", at + 1)) {
    if (isWord(lowered[at - 1])) continue; // an address, not a name
    const rest = lowered.slice(at + 1);
    const hit = byLength.find(({ name }) => rest.startsWith(name) && !isWord(rest[name.length]));
    if (hit) found.add(hit.each);
  }
  return [...found];
}

/** In code, "@" is a decorator or a matrix product. */
function withoutCode(text: string): string {
  return text.replace(/^(`{3,}|~{3,})[\s\S]*?(?:^\1|$(?![\s\S]))/gm, "").replace(/`[^`\n]*`/g, "");
}

function isWord(character: string | undefined): boolean {
  return character !== undefined && /[\p{L}\p{N}_]/u.test(character);
}
