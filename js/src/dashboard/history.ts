/** The last minutes of every series, in memory and bounded. */

export type Value = number | null;

/** Columns of equal length over one time axis (epoch seconds); null is a gap. */
export class History {
  readonly times: number[] = [];
  readonly columns: readonly Value[][];
  /** When the hub was found to be another process. */
  readonly restarts: number[] = [];

  constructor(
    series: number,
    private readonly spanSeconds: number,
    private readonly capacity: number,
  ) {
    this.columns = Array.from({ length: series }, () => []);
  }

  get last(): number | null {
    return this.times.at(-1) ?? null;
  }

  /** Add one reading, a value per series; without values it is a gap. A clock set back starts anew. */
  push(time: number, values: readonly Value[] = []): void {
    if (this.last !== null && time <= this.last) this.clear();
    this.times.push(time);
    this.columns.forEach((column, index) => {
      column.push(values[index] ?? null);
    });
    this.trim(time - this.spanSeconds);
  }

  /** Remember a restart. */
  restart(time: number): void {
    this.restarts.push(time);
    if (this.restarts.length > this.capacity) this.restarts.shift();
  }

  /** The sum of a series' values from a time on; null where none is known. */
  sumSince(series: number, from: number): Value {
    const column = this.columns[series] ?? [];
    let sum: Value = null;
    for (let index = this.times.length - 1; index >= 0; index--) {
      if ((this.times[index] ?? 0) < from) break;
      const value = column[index] ?? null;
      if (value !== null) sum = (sum ?? 0) + value;
    }
    return sum;
  }

  private clear(): void {
    for (const list of [this.times, this.restarts, ...this.columns]) list.length = 0;
  }

  private trim(from: number): void {
    let old = Math.max(0, this.times.length - this.capacity);
    while ((this.times[old] ?? from) < from) old++;
    if (old > 0) for (const list of [this.times, ...this.columns]) list.splice(0, old);
    while ((this.restarts[0] ?? from) < from) this.restarts.shift();
  }
}
