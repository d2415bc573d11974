/** What the page shows, computed from two readings: the figures of `conduit-widget top`, under its names. */

import { type Bucket, bucketsBetween, type Labels, quantile, type Scrape } from "./prometheus";

const PREFIX = "conduit_signalr_";
const STARTED = "process_start_time_seconds";

/** A counter: since the hub's start, and how much came between the readings (null: not known). */
export interface Change {
  readonly total: number;
  readonly now: number | null;
}

/** In seconds; null: nothing was measured, infinite: above the largest bucket. */
export interface Quantiles {
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
}

/** Of what came between the readings; `top`: the largest bound that is told apart. */
export interface Latency extends Quantiles {
  readonly top: number;
  /** The same since the hub's start. */
  readonly ever: Quantiles;
}

export interface Figures {
  readonly connections: ReadonlyMap<string, number>;
  /** Messages a second. */
  readonly received: Change;
  readonly sent: Change;
  readonly delivery: Latency;
  readonly method: Latency;
  readonly firstChunk: Latency;
  readonly queuedBytes: ReadonlyMap<string, number>;
  readonly reconnections: Change;
  readonly recoveries: ReadonlyMap<string, Change>;
  readonly errors: ReadonlyMap<string, Change>;
  readonly closes: ReadonlyMap<string, Change>;
  readonly generations: number | null;
  /** How many ended, by how: an empty text is success. */
  readonly generated: ReadonlyMap<string, number>;
  readonly memoryBytes: number | null;
  /** Processor seconds a second. */
  readonly cpu: number | null;
  readonly openFiles: number | null;
  readonly cpuSeconds: number | null;
  /** When the hub started (epoch seconds). */
  readonly startedAt: number | null;
}

/** Whose reading came after another's: the same process', a new one's, or that of an older one beside it. */
export type Successor = "same" | "restarted" | "another";

/** Tell whether the process that answered is the one before. */
export function successor(before: Scrape, after: Scrape): Successor {
  const [was, is] = [before.sum(STARTED), after.sum(STARTED)];
  if (was !== is) return was !== null && is !== null && is < was ? "another" : "restarted";
  return after.fellSince(before) ? "restarted" : "same";
}

/** Whether these are a hub's metrics. */
export function isHub(scrape: Scrape): boolean {
  for (const name of scrape.names()) if (name.startsWith(PREFIX)) return true;
  return false;
}

/** Return the figures; without `before`, or when another process gave it, nothing is known of now. */
export function compare(before: Scrape | null, after: Scrape): Figures {
  const comparable = before !== null && after.at > before.at && successor(before, after) === "same";
  const old = comparable ? before : null;
  const seconds = old === null ? 0 : after.at - old.at;

  const change = (name: string): Change => {
    const total = after.sum(name) ?? 0;
    return { total, now: old === null ? null : total - (old.sum(name) ?? 0) };
  };
  const changes = (name: string, label: string, wanted: Labels = {}): Map<string, Change> => {
    const then = old?.by(name, label, wanted);
    const entries = [...after.by(name, label, wanted)];
    return new Map(
      entries.map(([key, total]) => [key, { total, now: then ? total - (then.get(key) ?? 0) : null }]),
    );
  };
  const flow = (direction: string): Change => {
    const found = changes(`${PREFIX}messages_total`, "direction", { direction }).get(direction);
    const { total, now } = found ?? { total: 0, now: old === null ? null : 0 };
    return { total, now: now === null ? null : now / seconds };
  };
  const latency = (name: string): Latency => {
    const buckets = after.buckets(name);
    return latencyOf(buckets, old ? bucketsBetween(old.buckets(name), buckets) : []);
  };
  const cpu =
    after.sum("process_cpu_seconds_total") === null ? null : change("process_cpu_seconds_total").now;

  return {
    connections: after.by(`${PREFIX}connections_active`, "hub"),
    received: flow("in"),
    sent: flow("out"),
    delivery: latency(`${PREFIX}delivery_latency_seconds`),
    method: latency(`${PREFIX}message_processing_seconds`),
    firstChunk: latency("gen_ai_client_operation_time_to_first_chunk_seconds"),
    queuedBytes: after.by(`${PREFIX}outbound_queue_bytes`, "hub"),
    reconnections: change(`${PREFIX}reconnections_total`),
    recoveries: changes(`${PREFIX}recoveries_total`, "result"),
    errors: changes(`${PREFIX}errors_total`, "kind"),
    closes: changes(`${PREFIX}closes_total`, "reason"),
    generations: after.sum("conduit_chat_generations_active"),
    generated: after.by("gen_ai_client_operation_duration_seconds_count", "error_type"),
    memoryBytes: after.sum("process_resident_memory_bytes"),
    cpu: cpu === null ? null : cpu / seconds,
    openFiles: after.sum("process_open_fds"),
    cpuSeconds: after.sum("process_cpu_seconds_total"),
    startedAt: after.sum(STARTED),
  };
}

function latencyOf(known: readonly Bucket[], recent: readonly Bucket[]): Latency {
  const bounds = known.map(([bound]) => bound).filter(Number.isFinite);
  return { ...quantiles(recent), top: bounds.at(-1) ?? 0, ever: quantiles(known) };
}

const quantiles = (buckets: readonly Bucket[]): Quantiles => ({
  p50: quantile(0.5, buckets),
  p95: quantile(0.95, buckets),
  p99: quantile(0.99, buckets),
});

/** All of several counters together; null as long as nothing is known of now. */
export function together(changes: ReadonlyMap<string, Change>): Change {
  let total = 0;
  let now: number | null = changes.size ? 0 : null;
  for (const change of changes.values()) {
    total += change.total;
    now = now === null || change.now === null ? null : now + change.now;
  }
  return { total, now };
}

/** The sum of a gauge over its labels; null where there is none. */
export function all(values: ReadonlyMap<string, number>): number | null {
  return values.size ? [...values.values()].reduce((sum, value) => sum + value, 0) : null;
}
