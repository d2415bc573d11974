// The notebook's cells, wherever a page lets a chat put code into them: the extension of JupyterLab and Notebook says so to
// every chat on its page, in a panel or in a cell. Other hosts say nothing, and code has no such buttons there.

const CELLS = Symbol.for("conduit.cells");

export interface Cells {
  /** The language that the cells of the notebook in sight are in, in lower case; null while there is no notebook. */
  language(): string | null;
  /** Calls back when another notebook comes into sight, or none; returns how to end that. */
  onChange(listener: () => void): () => void;
  /** Puts code into a new cell below the selected one. */
  insert(code: string): void;
  /** Puts code in the place of the selected cell's, once somebody has seen the difference and agreed. */
  replace(code: string): void;
  /** Puts code into a new cell below the selected one, and runs it. */
  run(code: string): void;
}

const page = globalThis as { [CELLS]?: Cells };

export function pageCells(): Cells | undefined {
  return page[CELLS];
}

export function offerCells(cells: Cells): void {
  page[CELLS] = cells;
}
