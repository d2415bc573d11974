// What this extension uses of JupyterLab's notebooks.
import type { LuminoWidget, Signal } from "../jupyter";

export interface Cell {
  readonly node: HTMLElement;
  readonly model: {
    readonly type: "code" | "markdown" | "raw";
    readonly executionCount?: number | null;
    readonly sharedModel: { getSource(): string; setSource(source: string): void };
    readonly outputs?: { toJSON(): readonly Output[] };
  };
}

export interface Output {
  readonly output_type: string;
  readonly ename?: unknown;
  readonly evalue?: unknown;
  readonly traceback?: unknown;
}

export interface Notebook {
  readonly activeCell: Cell | null;
  readonly widgets: readonly Cell[];
  readonly model: { getMetadata?(key: string): unknown } | null;
  deselectAll(): void;
  scrollToCell?(cell: Cell): Promise<void>;
}

export interface NotebookPanel extends LuminoWidget {
  readonly content: Notebook;
  readonly context: { readonly path: string; readonly pathChanged?: Signal };
  readonly sessionContext: unknown;
}

export interface NotebookTracker {
  readonly currentWidget: NotebookPanel | null;
  readonly currentChanged: Signal;
  readonly activeCellChanged: Signal<unknown, Cell | null>;
}

export interface NotebookModule {
  INotebookTracker: object;
  NotebookActions: {
    insertBelow(notebook: Notebook): void;
    changeCellType(notebook: Notebook, type: "code"): void;
    run(notebook: Notebook, session: unknown): Promise<boolean>;
  };
}
