/** Prometheus' text format: read one page of it, and ask it for sums and quantiles. */

export type Labels = Readonly<Record<string, string>>;

interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

/** Upper bound of a bucket, and how many observations were not above it. */
export type Bucket = readonly [bound: number, count: number];

/** What was read is not Prometheus' text format. */
export class NotMetricsError extends Error {
  override name = "NotMetricsError";
}

/** One reading of `/metrics`. A value that is no number (NaN) counts as missing. */
export class Scrape {
  /** `at`: seconds on a clock that never jumps. */
  constructor(
    readonly at: number,
    private readonly samples: ReadonlyMap<string, readonly Sample[]>,
  ) {}

  names(): Iterable<string> {
    return this.samples.keys();
  }

  /** The sum over all labels; null where there is no such sample. */
  sum(name: string): number | null {
    const found = this.samples.get(name);
    return found?.length ? found.reduce((total, { value }) => total + value, 0) : null;
  }

  /** Sums by the values of one label, of the samples that have the `wanted` ones. */
  by(name: string, label: string, wanted: Labels = {}): Map<string, number> {
    const sums = new Map<string, number>();
    for (const { labels, value } of this.samples.get(name) ?? []) {
      if (Object.entries(wanted).some(([key, text]) => labels[key] !== text)) continue;
      const key = labels[label] ?? "";
      sums.set(key, (sums.get(key) ?? 0) + value);
    }
    return sums;
  }

  /** The cumulative buckets of a histogram over all its other labels, the lowest first. */
  buckets(name: string): Bucket[] {
    const found = [...this.by(`${name}_bucket`, "le")];
    return found.map(([bound, count]): Bucket => [number(bound), count]).sort(([a], [b]) => a - b);
  }

  /** Whether some sample of a cumulative kind is lower here than it was, or gone. */
  fellSince(before: Scrape): boolean {
    for (const [name, old] of before.samples) {
      if (!/_(?:total|bucket|count)$/.test(name)) continue;
      const now = new Map((this.samples.get(name) ?? []).map(({ labels, value }) => [keyOf(labels), value]));
      if (old.some(({ labels, value }) => (now.get(keyOf(labels)) ?? 0) < value)) return true;
    }
    return false;
  }
}

const keyOf = (labels: Labels): string => JSON.stringify(Object.entries(labels).sort());

const SAMPLE = /^([a-zA-Z_:][\w:]*)[ \t]*(?:\{(.*)\})?[ \t]+(\S+)(?:[ \t]+-?\d+)?$/;
const LABEL = /[ \t]*([a-zA-Z_]\w*)[ \t]*=[ \t]*"((?:[^"\\]|\\.)*)"[ \t]*(?:,|$)/y;

/** Read a page. Throws `NotMetricsError` when a line is not in the format. */
export function parse(text: string, at: number): Scrape {
  const samples = new Map<string, Sample[]>();
  for (const line of text.split("\n")) {
    const trimmed = line.trim();
    if (trimmed === "" || trimmed.startsWith("#")) continue;
    const [, name, labels, shown] = SAMPLE.exec(trimmed) ?? [];
    if (name === undefined || shown === undefined) throw new NotMetricsError();
    const sample = { labels: parseLabels(labels ?? ""), value: number(shown) };
    const family = samples.get(name) ?? [];
    if (!Number.isNaN(sample.value)) family.push(sample);
    samples.set(name, family);
  }
  return new Scrape(at, samples);
}

function parseLabels(text: string): Labels {
  const labels: Record<string, string> = Object.create(null);
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < text.length) {
    const [, name, value] = LABEL.exec(text) ?? [];
    if (name === undefined || value === undefined) throw new NotMetricsError();
    labels[name] = value.replace(/\\(.)/g, (_, escaped: string) => (escaped === "n" ? "\n" : escaped));
  }
  return labels;
}

function number(text: string): number {
  if (/^\+?Inf$/i.test(text)) return Number.POSITIVE_INFINITY;
  if (/^-Inf$/i.test(text)) return Number.NEGATIVE_INFINITY;
  const value = Number(text);
  if (Number.isNaN(value) && text.toLowerCase() !== "nan") throw new NotMetricsError();
  return value;
}

/** Cumulative buckets of what came between two readings. */
export function bucketsBetween(before: readonly Bucket[], after: readonly Bucket[]): Bucket[] {
  const old = new Map(before);
  return after.map(([bound, count]) => [bound, count - (old.get(bound) ?? 0)]);
}

/**
 * A quantile of cumulative buckets, on a straight line within its bucket.
 * Null: nothing was observed; infinite: it lies above the largest bound.
 */
export function quantile(share: number, buckets: readonly Bucket[]): number | null {
  const all = buckets.at(-1)?.[1] ?? 0;
  if (!(all > 0)) return null;
  const rank = share * all;
  let low = 0;
  let below = 0;
  for (const [bound, count] of buckets) {
    if (count >= rank) {
      return bound === Number.POSITIVE_INFINITY
        ? bound
        : low + ((bound - low) * (rank - below)) / (count - below);
    }
    [low, below] = [bound, count];
  }
  return Number.POSITIVE_INFINITY;
}
