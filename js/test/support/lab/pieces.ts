// Pieces of JupyterLab's page, as far as the extension uses them.

type Slot = (sender: unknown, value: unknown) => void;

/** A signal of Lumino's: connected once, however often somebody connects. */
export class FakeSignal {
  readonly slots = new Set<Slot>();

  connect(slot: Slot): boolean {
    if (this.slots.has(slot)) return false;
    this.slots.add(slot);
    return true;
  }

  disconnect(slot: Slot): boolean {
    return this.slots.delete(slot);
  }

  emit(value?: unknown): void {
    for (const slot of [...this.slots]) slot(null, value);
  }
}

/** A widget of Lumino's. */
export class FakeWidget {
  readonly node: HTMLElement;
  readonly disposed = new FakeSignal();
  readonly title = { label: "", caption: "", className: "", icon: null as unknown };
  id = "";
  isVisible = true;
  onAfterShow(_message?: unknown): void {}
  onAfterHide(_message?: unknown): void {}
  onActivateRequest(_message?: unknown): void {}

  constructor({ node }: { node?: HTMLElement } = {}) {
    this.node = node ?? document.createElement("div");
  }

  addClass(name: string): void {
    this.node.classList.add(name);
  }
}

interface FakeNotebook {
  context: { path: string; pathChanged?: FakeSignal };
}

/** The notebook tracker of a page. */
export class FakeTracker {
  currentWidget: FakeNotebook | null = null;
  readonly currentChanged = new FakeSignal();

  /** Opens a notebook and brings it into sight. */
  open(path: string): { context: { path: string; pathChanged: FakeSignal } } {
    const panel = { context: { path, pathChanged: new FakeSignal() } };
    this.show(panel);
    return panel;
  }

  show(panel: FakeNotebook | null): void {
    this.currentWidget = panel;
    this.currentChanged.emit();
  }

  /** Gives the notebook in sight another name. */
  rename(path: string): void {
    if (!this.currentWidget) return;
    this.currentWidget.context.path = path;
    this.currentWidget.context.pathChanged?.emit(path);
  }
}
