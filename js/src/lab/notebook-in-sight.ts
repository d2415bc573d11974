// Which notebook somebody looks at: it has a conversation of its own.
import type { NotebookTracker } from "./cells/notebook";
import type { Signal } from "./jupyter";

export interface NotebookInSight {
  /** Its path on the server; empty where there is none. */
  path(): string;
  /** Calls back when it is another one, or has another name, until the signal aborts. */
  onChange(listener: () => void, signal: AbortSignal): void;
}

export function notebookInSight(tracker: NotebookTracker | null | undefined): NotebookInSight {
  const listeners = new Set<() => void>();
  const changed = (): void => {
    for (const listener of listeners) listener();
  };
  let renamed: Signal | undefined;
  const follow = (): void => {
    renamed?.disconnect(changed);
    renamed = tracker?.currentWidget?.context.pathChanged;
    renamed?.connect(changed);
    changed();
  };
  tracker?.currentChanged.connect(follow);
  follow(); // one may be in sight already
  return {
    path: () => tracker?.currentWidget?.context.path ?? "",
    onChange(listener, signal) {
      if (signal.aborted) return;
      listeners.add(listener);
      signal.addEventListener("abort", () => listeners.delete(listener));
    },
  };
}
