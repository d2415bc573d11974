// The cells of the notebook in sight: what the chat may ask about and where its code goes.
import type { Cells } from "../../notebook/cells";
import type { Cell, NotebookModule, NotebookPanel, NotebookTracker } from "./notebook";

/** A cell as it is quoted in a question. */
export interface Quoted {
  source: string;
  language: string;
  /** The number in its prompt, once it was run. */
  count: number | null;
  notebook: string;
}

export interface Failure extends Quoted {
  traceback: string;
}

export interface NotebookCells extends Cells {
  /** The selected cell; null where there is none. */
  selected(): Quoted | null;
  /** What went wrong last in the notebook in sight; null where nothing did. */
  failure(): Failure | null;
}

/** Shows what changes from one text to another; resolves with whether somebody agreed. */
export type Confirm = (before: string, after: string) => Promise<boolean>;

export function notebookCells(
  tracker: NotebookTracker,
  actions: NotebookModule["NotebookActions"],
  confirm: Confirm,
): NotebookCells {
  const listeners = new Set<() => void>();
  /** The cell last selected in each notebook that shows no chat: a click into a chat selects the cell it is in. */
  const chosen = new WeakMap<object, Cell>();
  const changed = (): void => {
    for (const listener of [...listeners]) listener();
  };
  const note = (): void => {
    const notebook = tracker.currentWidget?.content;
    const cell = notebook?.activeCell;
    if (notebook && cell && !showsChat(cell)) chosen.set(notebook, cell);
  };
  tracker.currentChanged.connect(() => {
    note();
    changed();
  });
  tracker.activeCellChanged.connect(note);

  const panel = (): NotebookPanel | null => {
    const current = tracker.currentWidget;
    return current?.isVisible && current.content.model ? current : null;
  };
  const target = (): Cell | null => {
    const notebook = panel()?.content;
    if (!notebook) return null;
    note();
    const cell = chosen.get(notebook);
    return cell && notebook.widgets.includes(cell) ? cell : null;
  };
  const insert = (code: string): NotebookPanel | null => {
    const shown = panel();
    if (!shown) return null;
    const { content } = shown;
    const before = content.activeCell;
    content.deselectAll();
    actions.insertBelow(content);
    if (content.activeCell === before) return null; // no cell may be added: the selected one is not ours
    if (content.activeCell?.model.type !== "code") actions.changeCellType(content, "code");
    content.activeCell?.model.sharedModel.setSource(code);
    if (content.activeCell) content.scrollToCell?.(content.activeCell);
    return shown;
  };
  const quoted = (cell: Cell): Quoted => ({
    source: cell.model.sharedModel.getSource(),
    language: cell.model.type === "code" ? (languageOf(panel()) ?? "") : cell.model.type,
    count: cell.model.executionCount ?? null,
    notebook: panel()?.context.path ?? "",
  });

  return {
    language: () => languageOf(panel()),
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    insert: (code) => void insert(code),
    async replace(code) {
      const cell = target();
      if (!cell) return;
      const { sharedModel } = cell.model;
      let seen: string;
      do {
        seen = sharedModel.getSource();
        if (!(await confirm(seen, code))) return;
        // Somebody else may have written in the cell meanwhile: then that is shown, too.
      } while (sharedModel.getSource() !== seen);
      sharedModel.setSource(code);
    },
    run(code) {
      const shown = insert(code);
      if (shown) void actions.run(shown.content, shown.sessionContext);
    },
    selected() {
      const cell = target();
      return cell && quoted(cell);
    },
    failure() {
      const failed = (panel()?.content.widgets ?? [])
        .map((cell) => ({ cell, traceback: tracebackOf(cell) }))
        .filter(({ traceback }) => traceback)
        .sort((a, b) => Number(a.cell.model.executionCount) - Number(b.cell.model.executionCount))
        .at(-1);
      return failed ? { ...quoted(failed.cell), traceback: failed.traceback } : null;
    },
  };
}

function showsChat(cell: Cell): boolean {
  return cell.node.querySelector(".conduit-view") !== null;
}

/** Python where the notebook does not say: what it was made for. */
function languageOf(panel: NotebookPanel | null): string | null {
  if (!panel) return null;
  const info = Object(panel.content.model?.getMetadata?.("language_info"));
  return typeof info.name === "string" ? info.name.toLowerCase() : "python";
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: colours of terminals begin with one
const COLOURS = /\x1b\[[\d;]*m/g;

function tracebackOf(cell: Cell): string {
  const error = cell.model.outputs?.toJSON().find(({ output_type: type }) => type === "error");
  if (!error) return "";
  const lines = Array.isArray(error.traceback)
    ? error.traceback.filter((line) => typeof line === "string")
    : [];
  return (lines.join("\n") || `${error.ename}: ${error.evalue}`).replace(COLOURS, "");
}
