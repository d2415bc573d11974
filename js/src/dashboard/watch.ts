/** Read again and again: every two seconds while somebody looks, and not while a key is missing. */

import type { Clock } from "../clock";
import type { Reading } from "./reading";

export const INTERVAL_MS = 2_000;
/** After a slow answer: rates over a moment would be noise. */
const LEAST_WAIT_MS = 1_000;

export interface Watched {
  readonly clock: Pick<Clock, "now" | "after">;
  /** Whether anybody can see the page. */
  visible(): boolean;
  read(): Promise<Reading>;
  /** One reading came. */
  onReading(reading: Reading): void;
  /** Nobody looked for a while: what comes next does not follow on what came before. */
  onPause(): void;
}

export class Watch {
  private cancel: (() => void) | null = null;
  private reading = false;
  private stopped = false;

  constructor(private readonly watched: Watched) {}

  /** Read now, and go on; also what a new key and a page shown again call. */
  begin(): void {
    this.stopped = false;
    this.schedule(0);
  }

  /** The page was hidden or is shown again. */
  visibilityChanged(): void {
    if (this.stopped) return;
    if (this.watched.visible()) {
      this.schedule(0);
    } else {
      this.cancel?.();
      this.cancel = null;
      this.watched.onPause();
    }
  }

  private schedule(delayMs: number): void {
    this.cancel?.();
    this.cancel = this.watched.clock.after(delayMs, () => void this.readOnce());
  }

  private async readOnce(): Promise<void> {
    this.cancel = null;
    if (this.reading) return;
    this.reading = true;
    const began = this.watched.clock.now();
    const reading = await this.watched.read();
    this.reading = false;
    this.stopped = reading.kind === "key";
    if (!this.stopped && !this.watched.visible()) return; // it came too late to be looked at
    this.watched.onReading(reading);
    if (this.stopped) return;
    const spent = this.watched.clock.now() - began;
    this.schedule(Math.min(INTERVAL_MS, Math.max(LEAST_WAIT_MS, INTERVAL_MS - spent)));
  }
}
