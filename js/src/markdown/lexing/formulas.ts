// Keeps formulas as they were written: Markdown would remove their backslashes, stars and underscores.
import type { TokenizerExtension, Tokens } from "marked";

/** The longest formula. It bounds the search for a closing mark that may not exist. */
const LONGEST = 4_000;
const MARKS = [
  ["\\(", "\\)"],
  ["\\[", "\\]"],
  ["$$", "$$"],
] as const;
/** In a Latin word a dollar sign belongs to a price or to the shell; other scripts write formulas without spaces around. */
const BEFORE_DOLLAR = /[a-z0-9$\\]$/i;
const AFTER_DOLLAR = /^[a-z0-9${(]/i;
/** Words without a sign of calculation; a minus between spaces is one after something short. */
const PROSE = /^(?!\S{1,4} - )[^\s\\^_{}=+*<>|&]+(?:\s+[^\s\\^_{}=+*<>|&]+)+$/;
const BLOCK_START = /\n(?= {0,3}(?:\$\$|\\\[))/g;
const BLANK_LINE = /\n[ \t]*\n/;
const INLINE_START = /\$|\\[([]/;

/** The formula that `source` begins with, marks included; empty if there is none. */
function leading(source: string): string {
  for (const [open, close] of MARKS) {
    if (!source.startsWith(open)) continue;
    const end = source.slice(2, LONGEST).indexOf(close);
    return end > 0 ? source.slice(0, end + 4) : "";
  }
  return "";
}

/**
 * `$…$` by Pandoc's rule: no space inside the marks, no digit (here also no Latin letter) after the second.
 * Prices and variables of a shell stay text.
 */
function betweenDollars(source: string, before: string): string {
  if (!/^\$[^\s$]/.test(source) || BEFORE_DOLLAR.test(before)) return "";
  const line = source.slice(1, LONGEST).split("\n", 1)[0] ?? "";
  for (let at = line.indexOf("$"); at > 0; at = line.indexOf("$", at + 1)) {
    // Only the sign before it: a search through the rest for every dollar sign would take quadratic time.
    if (/[\s\\]/.test(line.charAt(at - 1))) continue;
    const inside = line.slice(0, at);
    return AFTER_DOLLAR.test(line.slice(at + 1)) || PROSE.test(inside) ? "" : source.slice(0, at + 2);
  }
  return "";
}

/** Where a block formula interrupts the paragraph that `source` begins with. */
function blockStart(source: string): number | undefined {
  const end = source.search(BLANK_LINE);
  const paragraph = end < 0 ? source : source.slice(0, end);
  for (const { index } of paragraph.matchAll(BLOCK_START)) {
    // Only where one may begin: for every paragraph a search through the rest would take quadratic time.
    if (index >= Math.max(source.lastIndexOf("$$"), source.lastIndexOf("\\]"))) break;
    if (block(source.slice(index + 1))) return index + 1;
  }
  return undefined;
}

/** Returns where a formula may begin, looking no further ahead than the longest formula. */
function inlineStart(source: string): number | undefined {
  const index = source.slice(0, LONGEST).search(INLINE_START);
  if (index >= 0) return index;
  return source.length > LONGEST ? LONGEST - 1 : undefined;
}

/** Whether `source` begins with a block formula that has no end yet. */
export function isHalfBlock(source: string): boolean {
  return (
    source.length < LONGEST &&
    /^ {0,3}(?:\$\$|\\\[)/.test(source) &&
    !BLANK_LINE.test(source) &&
    !block(source)
  );
}

/** What may still become a formula within a line: shown as text it would be gone a moment later. */
const HALF = /^(?:\\[([]|\$\$?(?=[^\s\d$]))/;
const LONGEST_HALF = 200;

/** Whether `source`, to its end, is the beginning of a formula within a line. */
export function isHalf(source: string, before: string): boolean {
  if (source.length > LONGEST_HALF || !HALF.test(source))
    return source === "$" && !BEFORE_DOLLAR.test(before);
  if (source.startsWith("$") && BEFORE_DOLLAR.test(before)) return false;
  return !inline(source, before) && !PROSE.test(source.replace(/^\$+/, "").trimEnd());
}

/** The length of the whole formula that `source` begins with; 0 if there is none. */
export function wholeLength(source: string, before: string): number {
  return inline(source, before)?.raw.length ?? 0;
}

function block(source: string): Tokens.Generic | undefined {
  const [indent] = /^ {0,3}/.exec(source) ?? [""];
  const found = source.startsWith("\\(", indent.length) ? "" : leading(source.slice(indent.length));
  const after = found ? /^ *(?:\n|$)/.exec(source.slice(indent.length + found.length)) : null;
  if (!after) return undefined;
  return { type: "formulaBlock", raw: indent + found + after[0], text: found };
}

function inline(source: string, before: string): Tokens.Generic | undefined {
  const double = leading(source);
  // Between double signs in a line the same holds as between single ones: `echo $$ # $$` is no formula.
  const text = double.startsWith("$$") && /^\$\$\s|\s\$\$$/.test(double) ? "" : double;
  const found = text || betweenDollars(source, before);
  return found ? { type: "formula", raw: found, text: found } : undefined;
}

export const formulas: TokenizerExtension[] = [
  { name: "formulaBlock", level: "block", start: blockStart, tokenizer: block },
  {
    name: "formula",
    level: "inline",
    start: inlineStart,
    tokenizer: (source, tokens) =>
      /^[$\\]/.test(source) ? inline(source, tokens.at(-1)?.raw.slice(-2) ?? "") : undefined,
  },
];
