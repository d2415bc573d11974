// What a notebook says, as a text: its cells without their outputs.

/** Returns the cells of a notebook one after the other; the text itself where it is none, or is cut. */
export function notebookText(content: string): string {
  try {
    const { cells } = JSON.parse(content) as { cells: unknown };
    if (!Array.isArray(cells)) return content;
    return cells.map(cellText).filter(Boolean).join("\n\n");
  } catch {
    return content;
  }
}

function cellText(cell: unknown): string {
  const { cell_type: type, source } = Object(cell) as { cell_type?: unknown; source?: unknown };
  const words = Array.isArray(source) ? source.join("") : typeof source === "string" ? source : "";
  return type === "code" && words ? `In: ${words}` : words;
}
