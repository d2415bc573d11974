/** The time that the store uses; tests pass their own. Each method that waits returns its cancel function. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  frame(callback: () => void): () => void;
  after(ms: number, callback: () => void): () => void;
  reducedMotion(): boolean;
}

let motion: MediaQueryList | undefined;

export const browserClock: Clock = {
  now: () => Date.now(),
  frame(callback) {
    const handle = requestAnimationFrame(callback);
    return () => cancelAnimationFrame(handle);
  },
  after(ms, callback) {
    const handle = setTimeout(callback, ms);
    return () => clearTimeout(handle);
  },
  reducedMotion() {
    // Asked at every picture, and a query takes as long as a small one.
    motion ??= globalThis.matchMedia?.("(prefers-reduced-motion: reduce)");
    return motion?.matches ?? false;
  },
};
