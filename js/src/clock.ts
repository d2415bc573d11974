/** The time that the store uses; tests pass their own. Each method that waits returns its cancel function. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  frame(callback: () => void): () => void;
  after(ms: number, callback: () => void): () => void;
  reducedMotion(): boolean;
}

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
  reducedMotion: () => globalThis.matchMedia?.("(prefers-reduced-motion: reduce)").matches ?? false,
};
