// All emoji by their names, from emojibase (MIT): well kept, a new edition with each Unicode.
import data from "emojibase-data/en/compact.json";
import type { PlainKey } from "../../texts/texts";

export interface Emoji {
  unicode: string;
  label: string;
  tags: readonly string[];
}

/** The groups of Unicode in their order; the second holds parts of emoji, such as skin tones. */
const GROUPS: readonly [group: number, key: PlainKey][] = [
  [0, "emoji.smileys"],
  [1, "emoji.people"],
  [3, "emoji.nature"],
  [4, "emoji.food"],
  [5, "emoji.travel"],
  [6, "emoji.activities"],
  [7, "emoji.objects"],
  [8, "emoji.symbols"],
  [9, "emoji.flags"],
];

export interface EmojiGroup {
  key: PlainKey;
  emoji: readonly Emoji[];
}

/** All groups, each in its order. */
export const emojiGroups: readonly EmojiGroup[] = GROUPS.map(([group, key]) => ({
  key,
  emoji: data
    .filter((each) => each.group === group)
    .map(({ unicode, label, tags = [] }) => ({ unicode: written(unicode), label, tags })),
}));

/** What is a picture anyway is written without the mark that asks for one: so the same emoji is always the same text. */
function written(unicode: string): string {
  return unicode.replace(/^(\p{Emoji_Presentation})\ufe0f$/u, "$1");
}

/** Emoji whose names begin with each word that is looked for; those named so themselves come first. */
export function findEmoji(query: string, most = 64): Emoji[] {
  const wanted = query.toLocaleLowerCase("en").split(/\s+/).filter(Boolean);
  if (wanted.length === 0) return [];
  const named: Emoji[] = [];
  const tagged: Emoji[] = [];
  for (const { emoji } of emojiGroups) {
    for (const each of emoji) {
      const label = each.label.toLocaleLowerCase("en").split(/[\s:,-]+/);
      const begins = (names: readonly string[]) => (word: string) =>
        names.some((name) => name.startsWith(word));
      if (wanted.every(begins(label))) named.push(each);
      else if (wanted.every(begins([...label, ...each.tags]))) tagged.push(each);
    }
  }
  return [...named, ...tagged].slice(0, most);
}
