/** The figures as the hub serves them at `/figures`; nothing is computed here. */

/** What there is now: of all labels together, and one by one. */
export interface Gauge {
  readonly all: number;
  readonly by: Readonly<Record<string, number>>;
}

/** A count since the hub's start, and what is new since the reading before (null: there was none). */
export interface Change {
  readonly total: number;
  readonly new: number | null;
  readonly perSecond: number | null;
}

export interface Counter {
  readonly all: Change;
  readonly by: Readonly<Record<string, Change>>;
}

/** Seconds; null: nothing was timed, "above": more than the largest bound that is told apart. */
export type Quantile = number | "above" | null;

export interface Quantiles {
  readonly p50: Quantile;
  readonly p95: Quantile;
  readonly p99: Quantile;
}

/** Since the reading before, and since the hub's start; `top`: the largest bound. */
export interface Timing {
  readonly now: Quantiles;
  readonly ever: Quantiles;
  readonly top: number;
}

/** A figure of which the hub's system says nothing is not there. */
export interface Figures {
  /** Asking again with this name tells what is new since. */
  readonly reading: string;
  /** Epoch seconds. */
  readonly startedAt: number;
  readonly uptimeSeconds: number;
  readonly gauges: Readonly<Record<string, Gauge>>;
  readonly counters: Readonly<Record<string, Counter>>;
  readonly timings: Readonly<Record<string, Timing>>;
}

/** Whether a JSON value is what a hub serves. */
export function isFigures(value: unknown): value is Figures {
  const { reading, gauges, counters, timings } = (value ?? {}) as Partial<Record<keyof Figures, unknown>>;
  return typeof reading === "string" && [gauges, counters, timings].every((each) => each instanceof Object);
}
