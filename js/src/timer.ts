// Waiting for one thing at a time.
import type { Clock } from "./clock";

export interface Timer {
  /** Waits; what was waited for before is not any more. */
  set(ms: number, callback: () => void): void;
  cancel(): void;
}

export function createTimer(clock: Clock): Timer {
  let cancel = (): void => {};
  return {
    set(ms, callback) {
      cancel();
      cancel = clock.after(ms, callback);
    },
    cancel: () => cancel(),
  };
}

/** Does something again and again; returns what ends it. */
export function every(clock: Clock, ms: number, work: () => void): () => void {
  const timer = createTimer(clock);
  const again = (): void =>
    timer.set(ms, () => {
      work();
      again();
    });
  again();
  return timer.cancel;
}
