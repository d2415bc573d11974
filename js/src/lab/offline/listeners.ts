/** Who is told of something, each until its signal aborts. */
export interface Listeners<Told extends readonly unknown[]> {
  tell(...told: Told): void;
  add(listener: (...told: Told) => void, signal: AbortSignal): void;
}

export function createListeners<Told extends readonly unknown[]>(): Listeners<Told> {
  const all = new Set<(...told: Told) => void>();
  return {
    tell(...told) {
      for (const listener of [...all]) listener(...told);
    },
    add(listener, signal) {
      if (signal.aborted) return;
      all.add(listener);
      signal.addEventListener("abort", () => all.delete(listener), { once: true });
    },
  };
}
