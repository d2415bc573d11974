// Code that is pasted becomes a fenced block, so that the model and the readers see it as code.

/** What a clipboard offers, by type; `DataTransfer` is one. */
export interface Clipboard {
  getData(type: string): string;
}

const VS_CODE = "vscode-editor-data";
const JUPYTER_CELLS = "application/vnd.jupyter.cells";
const NOT_CODE = new Set(["plaintext", "markdown", "log", "search-result", "scminput"]);
const INDENTED = /^(?: {2,}|\t)\S/;
const LIST_ITEM = /^\s*(?:[-*+•]|\d+[.)])\s/;
const FENCE = /^\s*(?:`{3,}(?!.*`)|~{3,})/;

/** Returns the text to insert in place of a paste after `before`; null where the paste is best left as it is. */
export function pastedCode(clipboard: Clipboard, before: string): string | null {
  const text = clipboard.getData("text/plain").replace(/\r\n?/g, "\n");
  const lines = text.replace(/^\n+|\s+$/g, "").split("\n");
  if (lines.length < 2 || isInFence(before) || lines.some((line) => FENCE.test(line))) return null;
  const language = editorLanguage(clipboard);
  if (language === null && !looksLikeCode(lines)) return null;
  return fenced(withoutMargin(lines), language ?? "", before);
}

/** The language that an editor names; "" for cells of a notebook, null where no editor speaks or it is prose. */
function editorLanguage(clipboard: Clipboard): string | null {
  if (clipboard.getData(JUPYTER_CELLS)) return "";
  try {
    const data: unknown = JSON.parse(clipboard.getData(VS_CODE) || "null");
    const mode = (data as { mode?: unknown } | null)?.mode;
    if (typeof mode !== "string" || NOT_CODE.has(mode)) return null;
    return /^[\w+#.-]{1,30}$/.test(mode) ? mode : "";
  } catch {
    return null; // not an editor's
  }
}

/** Several indented lines that are no list; a single one is as likely a poem or an address. */
function looksLikeCode(lines: readonly string[]): boolean {
  const indented = lines.filter((line) => INDENTED.test(line) && !LIST_ITEM.test(line));
  return indented.length >= 2 && !lines.some((line) => LIST_ITEM.test(line) && !INDENTED.test(line));
}

/** Whether a text ends inside an open fence. */
function isInFence(before: string): boolean {
  return before.split("\n").filter((line) => FENCE.test(line)).length % 2 === 1;
}

/** Takes away the indentation that all lines share: a copied method's, not a block's within it. */
function withoutMargin(lines: readonly string[]): readonly string[] {
  const margins = lines.filter((line) => line.trim()).map((line) => /^[ \t]*/.exec(line)?.[0] ?? "");
  let shared = margins[0] ?? "";
  for (const margin of margins) while (!margin.startsWith(shared)) shared = shared.slice(0, -1);
  return lines.map((line) => (line.startsWith(shared) ? line.slice(shared.length) : line.trimStart()));
}

function fenced(lines: readonly string[], language: string, before: string): string {
  const start = before === "" || before.endsWith("\n") ? "" : "\n";
  return `${start}\`\`\`${language}\n${lines.join("\n")}\n\`\`\`\n`;
}
