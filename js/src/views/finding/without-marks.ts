// A piece of an answer, read as plain text: the marks of Markdown are not for the eye.
type Range = readonly number[];

const CODE = /(?<!`)(`+)(?!`).*?[^`]\1(?!`)|`{3,}/gs;
const LINK = /!?\[([^[\]]{1,300})\]\([^()\s]*\)/g;
/** Around something, on the outer side no letter: a product and a name with underscores have none. */
const EMPHASIS = /(?<![\p{L}\p{N}*_\\])([*_])(?=[^\s*_])[^*_]*(?<=[^\s*_\\])\1(?![\p{L}\p{N}*_])/gu;
/** Also where the other one is cut off; a power stands between spaces. */
const STRONG = /(?<![\\*])(?:\*\*(?=[^\s*])|(?<=[^\s*])\*\*)(?!\*)|~~(?=\S)|(?<=\S)~~/g;
const START = /^(?:#{1,6}|>|[-*+]) +/g;

/**
 * Returns where the marks of Markdown are in a line: of each UTF-16 unit, whether it belongs to one. Nothing of what was
 * found (`ranges`, in UTF-16 units) is taken for a mark: who looks for `**` sees it.
 */
export function marksIn(line: string, ranges: readonly Range[] = []): boolean[] {
  const isMark = new Array<boolean>(line.length).fill(false);
  const isCode = new Array<boolean>(line.length).fill(false);
  const hide = (from: number, length: number): void => {
    const until = from + length;
    const isFound = ranges.some(([start = 0, end = 0]) => start < until && end > from);
    if (!isFound && !isCode[from]) isMark.fill(true, from, until);
  };
  for (const { 0: code, 1: ticks = code, index } of line.matchAll(CODE)) {
    hide(index, ticks.length);
    hide(index + code.length - ticks.length, ticks.length);
    isCode.fill(true, index, index + code.length);
  }
  for (const { 0: link, 1: label = "", index } of line.matchAll(LINK)) {
    const before = link.indexOf("[") + 1;
    hide(index, before);
    hide(index + before + label.length, link.length - before - label.length);
  }
  for (const { 0: all, index } of line.matchAll(EMPHASIS)) {
    hide(index, 1);
    hide(index + all.length - 1, 1);
  }
  for (const pattern of [STRONG, START])
    for (const { 0: mark, index } of line.matchAll(pattern)) hide(index, mark.length);
  return isMark;
}
