// How far one has read: told to the hub at most once a second, and only forward.
import type { Core } from "./core";

const EVERY_MS = 1_000;

export interface ReadingOn {
  /** Everything up to this position has been in view. */
  markRead(seq: number): void;
}

export function createReading(core: Core): ReadingOn {
  let told = 0;
  let newest = 0;
  let cancel: (() => void) | null = null;
  const tell = (): void => {
    cancel = null;
    if (newest <= told) return;
    told = newest;
    core.link.tell({ kind: "read", seq: told });
    cancel = core.clock.after(EVERY_MS, tell);
  };
  core.onPlace(() => {
    told = 0;
    newest = 0;
  });
  core.endWith(() => cancel?.());
  return {
    markRead(seq) {
      if (!Number.isFinite(seq) || seq <= newest) return;
      newest = seq;
      if (!cancel) tell();
    },
  };
}
