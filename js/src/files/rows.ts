// The first rows of a table that is a text.

const MOST_ROWS = 8;
const MOST_COLUMNS = 12;
const MOST_CHARS = 60;
/** A cell, quoted or not, and what ends it; nothing at the end of the text. */
const CELLS = new Map(
  [",", "\t"].map((mark) => [
    mark,
    new RegExp(`(?:"((?:[^"]|"")*)"|((?:[^"${mark}\\n\\r][^${mark}\\n\\r]*)?))(${mark}|\\r?\\n|$)`, "y"),
  ]),
);

/** Reads the first rows of a CSV or TSV file; a row that is not all there is left out. */
export function firstRows(content: string, separator: "," | "\t", isWhole: boolean): string[][] {
  const cells = CELLS.get(separator) as RegExp;
  const rows: string[][] = [];
  let row: string[] = [];
  cells.lastIndex = 0;
  while (cells.lastIndex < content.length && rows.length <= MOST_ROWS) {
    const [, quoted, plain = "", end] = cells.exec(content) ?? [];
    if (end === undefined) break; // no table
    row.push(shortened(quoted?.replaceAll('""', '"') ?? plain));
    if (end === separator) continue;
    if (end || isWhole) rows.push(row.slice(0, MOST_COLUMNS));
    row = [];
  }
  return rows.filter((each) => each.length > 1 || each[0]);
}

function shortened(cell: string): string {
  return cell.length > MOST_CHARS ? `${cell.slice(0, MOST_CHARS)}…` : cell;
}
