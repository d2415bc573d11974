// A growing text ends in half-written marks. Closing them keeps stars and brackets from flashing up for a frame. The code
// looks at the last line only, in linear time.
import { isHalf, wholeLength } from "./formulas";

const RUN = /\\[\s\S]|\$|`+|\*+|_+|~~|!?\[|\]\(/g;
/** A line that may yet become a list or a rule; under a paragraph it would make that a heading. */
const UNDERLINE = /^ {0,3}(?:--?|=+)[ \t]*$/;
/** A reference to a footnote whose bracket is still to come. */
const HALF_NOTE = /\[\^[^\]\s]{0,99}$/;
const DANGLING = /(?:^|[\s([{"'“])(?:\*{1,3}|_{1,3}|~~|`+)$/;
const LONGEST_LINE = 4_000;

const FENCE = /^[ \t>]*(?:```|~~~)/gm;

/** Returns the text with the open marks of its last line closed. */
export function completed(text: string): string {
  const from = text.lastIndexOf("\n") + 1;
  const line = text.slice(from);
  const above = text.slice(0, from);
  // In a list or a quote code has lines too.
  if (line.length > LONGEST_LINE || (above.match(FENCE)?.length ?? 0) % 2 === 1) return text;
  if (UNDERLINE.test(line) && !/(?:^|\n)[ \t]*\n$/.test(above.slice(-LONGEST_LINE))) return above;
  return above + completedLine(line.replace(HALF_NOTE, ""));
}

interface OpenMarks {
  /** Marks of emphasis that nothing has closed, outermost first. */
  marks: string[];
  /** The last bracket that opened: where it stands, and where its text begins. */
  label: { at: number; text: number } | null;
}

function completedLine(line: string): string {
  const open: OpenMarks = { marks: [], label: null };
  RUN.lastIndex = 0;
  for (let found = RUN.exec(line); found; found = RUN.exec(line)) {
    const next = afterRun(line, found[0], found.index, open);
    if (typeof next === "string") return next;
    RUN.lastIndex = next;
  }
  // What the last backslash stands before is still to come.
  return closed(/(?<!\\)(?:\\\\)*\\$/.test(line) ? line.slice(0, -1) : line, open.marks);
}

/** Where to read on after a run of marks, or the completed line if it ends in what the run began. */
function afterRun(line: string, run: string, at: number, open: OpenMarks): number | string {
  const end = at + run.length;
  if (run.startsWith("$") || run === "\\(" || run === "\\[") return afterFormula(line, at, open) || end;
  if (run.startsWith("`")) {
    const close = closingTicks(line, run, end);
    // A code span that reaches the end contains no other marks.
    return close < 0 ? closed(line, line.slice(end).trim() ? [...open.marks, run] : open.marks) : close;
  }
  if (run === "](") return line.indexOf(")", end) + 1 || withoutAddress(line, at, open);
  if (run.endsWith("[")) open.label = { at, text: end };
  else if (/^[*_~]/.test(run)) toggle(open.marks, run, line.charAt(at - 1), line.charAt(end));
  return end;
}

/** Where the formula ends that begins here; of half a formula nothing is shown, 0 where none begins. */
function afterFormula(line: string, at: number, { marks }: OpenMarks): number | string {
  const source = line.slice(at);
  const before = line.slice(Math.max(0, at - 2), at);
  const length = wholeLength(source, before);
  if (length > 0) return at + length;
  if (!isHalf(source, before)) return 0;
  const words = line.slice(0, at);
  // Of emphasis that begins with the formula there is nothing to show either.
  const rest = words.replace(/[*_~]+$/, "");
  return closed(rest, rest === words ? marks : marks.slice(0, -1));
}

/** Half an address: the label alone, and of an image nothing. */
function withoutAddress(line: string, end: number, { label, marks }: OpenMarks): string {
  if (!label) return closed(line, marks);
  const words = line.startsWith("!", label.at) ? "" : line.slice(label.text, end);
  return closed(line.slice(0, label.at) + words, marks);
}

/** Where the code span ends that `run` begins; -1 if it does not. */
function closingTicks(line: string, run: string, from: number): number {
  for (let at = line.indexOf(run, from); at >= 0; ) {
    let end = at + run.length;
    while (line.charAt(end) === "`") end += 1;
    if (end - at === run.length) return end;
    at = line.indexOf(run, end);
  }
  return -1;
}

function toggle(open: string[], run: string, before: string, after: string): void {
  if (before.trim() && open.at(-1) === run) open.pop();
  else if (after.trim() && !(run.startsWith("_") && /[\p{L}\p{N}]/u.test(before))) open.push(run);
}

function closed(line: string, open: readonly string[]): string {
  const last = open.at(-1) ?? "";
  const mark = last.charAt(0);
  let end = line.trimEnd();
  if (open.length === 0) return end.replace(DANGLING, (found) => found.slice(0, found.search(/[*_~`]/)));
  // Half of the closing mark has arrived.
  while (mark !== "`" && end.endsWith(mark)) end = end.slice(0, -1);
  return end + [...open].reverse().join("");
}
