// Where one provider's text ends and another's goes on, marked inside the Markdown without changing its reading.
import { createContext, type VNode } from "preact";
import { useContext } from "preact/hooks";
import { dropCodePoints } from "../../code-points";

/** A place in a text, in code points, and what is said there. */
export interface Seam {
  at: number;
  words: string;
  reason: string;
}

// Characters that Unicode keeps for a program's own use; in a text with seams no others of them are left.
const FIRST = 0xfdd0;
const MOST = 32;
const MARK = /([\ufdd0-\ufdef])/;
const MARKS = /[\ufdd0-\ufdef]/g;
const FENCE = /^ {0,3}(```|~~~)/gm;
/** Lines that a sign within them could make something else: fences, rules, rows of a table, indented code. */
const DELICATE = /^\s*(```|~~~|([-*_=]\s*){2,}$)|\||^( {4}|\t)/;

/** What is said at each mark of the text inside. */
export const Seams = createContext<readonly Seam[]>([]);

/** Returns the text with a mark at each seam that can be shown inside it, none within code. */
export function withMarks(text: string, seams: readonly Seam[]): string {
  if (seams.length === 0) return text;
  let marked = text.replace(MARKS, "");
  for (let index = Math.min(seams.length, MOST) - 1; index >= 0; index -= 1) {
    const at = seams[index]?.at ?? 0;
    const before = marked.slice(0, marked.length - dropCodePoints(marked, at).length).trimEnd();
    if (!before || before.length >= marked.length || !isPlain(marked, before)) continue;
    marked = before + String.fromCharCode(FIRST + index) + marked.slice(before.length);
  }
  return marked;
}

/** Returns a text that cannot show marks without them. */
export function withoutMarks(text: string): string {
  return text.replace(MARKS, "");
}

/** Returns a run of text, its marks as seams. */
export function seamed(text: string): string | (string | VNode)[] {
  if (!MARK.test(text)) return text;
  return text
    .split(MARK)
    .filter(Boolean)
    .map((part) => (MARK.test(part) ? <Mark key={part} index={part.charCodeAt(0) - FIRST} /> : part));
}

function Mark({ index }: { index: number }): VNode | null {
  const seam = useContext(Seams)[index];
  return seam ? (
    <span class="seam" title={seam.reason || undefined}>
      {seam.words}
    </span>
  ) : null;
}

function isPlain(text: string, before: string): boolean {
  const fences = before.match(FENCE)?.length ?? 0;
  const end = text.indexOf("\n", before.length);
  const line = text.slice(before.lastIndexOf("\n") + 1, end < 0 ? undefined : end);
  return fences % 2 === 0 && !DELICATE.test(line);
}
