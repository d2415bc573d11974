// What is written into the composer about a cell: in sight of whoever asks, who may change it and sends it.
import { text } from "../../texts/texts";
import type { Failure, Quoted } from "./notebook-cells";

/** Most characters of a quoted text: a message holds 32 kB, and a question needs room. */
const MOST_SOURCE = 12_000;
const MOST_TRACEBACK = 6_000;

export function aboutCell(cell: Quoted): string {
  return `${text("lab.aboutCell", { cell: nameOf(cell) })}\n\n${fenced(cut(cell.source), cell.language)}\n\n`;
}

export function aboutFailure(failure: Failure): string {
  const code = fenced(cut(failure.source), failure.language);
  // The end of a traceback says what it is.
  const traceback = fenced(failure.traceback.slice(-MOST_TRACEBACK), "text");
  return `${text("lab.aboutError", { cell: nameOf(failure) })}\n\n${code}\n\n${traceback}\n`;
}

function nameOf({ count, notebook }: Quoted): string {
  const name = notebook.split("/").at(-1) ?? "";
  return count === null ? name : `In [${count}], ${name}`;
}

function cut(source: string): string {
  return source.length > MOST_SOURCE ? `${source.slice(0, MOST_SOURCE)}\n…` : source;
}

/** A fence that nothing inside it ends. */
function fenced(source: string, language: string): string {
  const runs = source.match(/`+/g) ?? [];
  const fence = "`".repeat(Math.max(3, ...runs.map(({ length }) => length + 1)));
  return `${fence}${language}\n${source}\n${fence}`;
}
