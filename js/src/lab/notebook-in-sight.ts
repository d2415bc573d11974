// Which notebook somebody looks at: it has a conversation of its own.
import type { NotebookTracker } from "./cells/notebook";

export interface NotebookInSight {
  /** Its path on the server; empty where there is none. */
  path(): string;
  /** Calls back when it is another one, or has another name. */
  onChange(listener: () => void): void;
}

export function notebookInSight(tracker: NotebookTracker | null | undefined): NotebookInSight {
  const listeners: (() => void)[] = [];
  const changed = (): void => {
    for (const listener of listeners) listener();
  };
  tracker?.currentChanged.connect(() => {
    // Connected once, however often it comes into sight.
    tracker.currentWidget?.context.pathChanged?.connect(changed);
    changed();
  });
  return {
    path: () => tracker?.currentWidget?.context.path ?? "",
    onChange: (listener) => void listeners.push(listener),
  };
}
