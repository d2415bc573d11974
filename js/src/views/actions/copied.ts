// What is copied of a message beside its text.

const FENCE = /^( {0,3})(`{3,}(?!.*`)|~{3,})[^\n]*$/;

interface Line {
  text: string;
  isCode: boolean;
}

/** The lines of a Markdown text, without the fences; those inside of one are code. */
function linesOf(markdown: string): Line[] {
  let open: { mark: string; indent: number } | null = null;
  const lines: Line[] = [];
  for (const text of markdown.split("\n")) {
    const [, indent = "", mark = ""] = FENCE.exec(text) ?? [];
    if (!open && mark) open = { mark, indent: indent.length };
    else if (open && mark.startsWith(open.mark) && text.trim() === mark) open = null;
    else lines.push({ text: open ? withoutIndent(text, open.indent) : text, isCode: open !== null });
  }
  return lines;
}

function withoutIndent(text: string, most: number): string {
  const found = /^ */.exec(text)?.[0].length ?? 0;
  return text.slice(Math.min(found, most));
}

/** The code of a message, its blocks one after the other; empty where there is none. */
export function codeOf(markdown: string): string {
  const blocks: string[][] = [];
  let before = false;
  for (const { text, isCode } of linesOf(markdown)) {
    if (isCode && !before) blocks.push([]);
    if (isCode) blocks.at(-1)?.push(text);
    before = isCode;
  }
  return blocks.map((lines) => lines.join("\n")).join("\n\n");
}

/** A message as a cell that can be run: its code as it is, everything else as comments. */
export function asCell(markdown: string): string {
  return linesOf(markdown)
    .map(({ text, isCode }) => (isCode || !text.trim() ? text.trimEnd() : `# ${text.trimEnd()}`))
    .join("\n")
    .replace(/\n{3,}/g, "\n\n")
    .trim();
}
