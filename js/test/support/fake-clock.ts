import type { Clock } from "../../src/clock";

/** A clock that stands still until it is told to go on; counts what is pending. */
export class FakeClock implements Clock {
  time = 1_000_000;
  reduced = false;
  #timers = new Map<() => void, number>();
  #frames = new Set<() => void>();

  get pending(): number {
    return this.#timers.size + this.#frames.size;
  }

  /** May be handed on by itself, as a browser's. */
  readonly now = (): number => this.time;

  after(ms: number, callback: () => void): () => void {
    const entry = (): void => callback();
    this.#timers.set(entry, this.time + ms);
    return () => this.#timers.delete(entry);
  }

  frame(callback: () => void): () => void {
    const entry = (): void => callback();
    this.#frames.add(entry);
    return () => this.#frames.delete(entry);
  }

  reducedMotion(): boolean {
    return this.reduced;
  }

  /** Lets `ms` pass, timers in order. */
  advance(ms: number): void {
    const end = this.time + ms;
    for (;;) {
      const [next] = [...this.#timers].filter(([, at]) => at <= end).sort((a, b) => a[1] - b[1]);
      if (!next) break;
      this.#timers.delete(next[0]);
      this.time = Math.max(this.time, next[1]);
      next[0]();
    }
    this.time = end;
  }

  /** Runs one animation frame, 16 ms later. */
  async paint(): Promise<void> {
    this.advance(16);
    const frames = [...this.#frames];
    this.#frames.clear();
    for (const frame of frames) frame();
    await settled();
  }
}

/** Waits until Preact has rendered and its effects have run. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
}
