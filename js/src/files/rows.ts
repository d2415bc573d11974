// The first rows of a table that is a text.

/** Beneath the names of the columns; the kernel's own reader keeps to them too. */
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

export interface FirstRows {
  rows: string[][];
  /** There is more than these. */
  goesOn: boolean;
}

/** What a reader elsewhere gives: as many as it reads at most may not be all. */
export function rowsFrom(rows: string[][]): FirstRows {
  return { rows, goesOn: rows.length > MOST_ROWS || (rows[0]?.length ?? 0) >= MOST_COLUMNS };
}

/** Reads the first rows of a CSV or TSV file; a row that is not all there is left out. */
export function firstRows(content: string, separator: "," | "\t", isWhole: boolean): FirstRows {
  const cells = CELLS.get(separator) as RegExp;
  const rows: string[][] = [];
  let row: string[] = [];
  cells.lastIndex = 0;
  while (cells.lastIndex < content.length && rows.length <= MOST_ROWS) {
    const [, quoted, plain = "", mark] = cells.exec(content) ?? [];
    if (mark === undefined) break; // no table
    row.push(shortened(quoted?.replaceAll('""', '"') ?? plain));
    if (mark === separator) continue;
    if (mark || isWhole) rows.push(row);
    row = [];
  }
  const isRead = cells.lastIndex >= content.length && isWhole;
  if (isRead && row.length > 0) rows.push([...row, ""]); // the last cell is empty, and nothing follows it
  const told = rows.filter((each) => each.length > 1 || each[0]);
  return {
    rows: told.map((each) => each.slice(0, MOST_COLUMNS)),
    goesOn: !isRead || told.some(({ length }) => length > MOST_COLUMNS),
  };
}

function shortened(cell: string): string {
  return cell.length > MOST_CHARS ? `${cell.slice(0, MOST_CHARS)}…` : cell;
}
