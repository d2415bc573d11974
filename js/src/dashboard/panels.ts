/** Which figures are plotted, and how each is named. */

import { plainName } from "../plain";
import { all, type Change, type Figures, type Latency, together } from "./figures";
import { duration, text, type Unit } from "./format";
import type { Value } from "./history";

export type Hue = "first" | "second" | "third";

export interface SeriesSpec {
  readonly name: string;
  readonly hue: Hue;
  readonly value: (figures: Figures) => Value;
}

export interface PanelSpec {
  readonly id: string;
  readonly title: string;
  /** What is measured, in a few words. */
  readonly hint: string;
  readonly unit: Unit;
  readonly series: readonly SeriesSpec[];
  /** The line below the plot. */
  readonly note?: (figures: Figures) => string;
  /** Above which bound an infinite value lies. */
  readonly top?: (figures: Figures) => number;
  /** Whether any of these is a reason to look. */
  readonly trouble?: boolean;
}

const one = (name: string, value: (figures: Figures) => Value): readonly SeriesSpec[] => [
  { name, hue: "first", value },
];

/** So many names stand in a line at most, the largest first. */
const MOST = 12;

const list = (
  values: Iterable<readonly [string, number]>,
  none: string,
  shown = (count: number): string => count.toLocaleString("en"),
): string =>
  [...values]
    .filter(([, count]) => count > 0)
    .sort(([, a], [, b]) => b - a)
    .slice(0, MOST)
    .map(([name, count]) => `${plainName(name)} ${shown(count)}`)
    .join(" · ") || none;

const sinceStart = (changes: ReadonlyMap<string, Change>): string =>
  list(
    [...changes].map(([name, { total }]) => [name, total] as const),
    "none since the start",
  );

function latency(id: string, title: string, hint: string, of: (figures: Figures) => Latency): PanelSpec {
  const series: SeriesSpec[] = [
    { name: "p50", hue: "first", value: (figures) => of(figures).p50 },
    { name: "p95", hue: "second", value: (figures) => of(figures).p95 },
    { name: "p99", hue: "third", value: (figures) => of(figures).p99 },
  ];
  const note = (figures: Figures): string => {
    const { ever, top } = of(figures);
    if (ever.p50 === null) return "none since the start";
    const [p50, p95, p99] = [ever.p50, ever.p95, ever.p99].map((value) => text(value, "seconds", top));
    return `since the start ${p50}, ${p95}, ${p99}`;
  };
  return { id, title, hint, unit: "seconds", series, note, top: (figures) => of(figures).top };
}

export const PANELS: readonly PanelSpec[] = [
  {
    id: "connections",
    title: "connections",
    hint: "open now",
    unit: "count",
    series: one("open", (figures) => all(figures.connections)),
    note: (figures) => list(figures.connections, "nobody is connected"),
  },
  {
    id: "messages",
    title: "messages",
    hint: "a second",
    unit: "rate",
    series: [
      { name: "in", hue: "first", value: (figures) => figures.received.now },
      { name: "out", hue: "second", value: (figures) => figures.sent.now },
    ],
    note: ({ received, sent }) =>
      `${received.total.toLocaleString("en")} in, ${sent.total.toLocaleString("en")} out since the start`,
  },
  {
    id: "generations",
    title: "generations",
    hint: "answers being written",
    unit: "count",
    series: one("active", (figures) => figures.generations),
    note: ({ generated }) =>
      list(
        [...generated].map(([how, count]) => [how || "finished", count] as const),
        "none since the start",
      ),
  },
  latency("delivery", "delivery", "from queued to written", (figures) => figures.delivery),
  latency("method", "method", "time in a hub method", (figures) => figures.method),
  latency("first-chunk", "first chunk", "until a model begins", (figures) => figures.firstChunk),
  {
    id: "queue",
    title: "outbound queue",
    hint: "waiting for slow readers",
    unit: "bytes",
    series: one("waiting", (figures) => all(figures.queuedBytes)),
    note: (figures) => list(figures.queuedBytes, "nothing is waiting", (bytes) => text(bytes, "bytes")),
  },
  {
    id: "reconnections",
    title: "reconnections",
    hint: "users back, conversations resumed",
    unit: "events",
    series: [
      { name: "reconnections", hue: "first", value: (figures) => figures.reconnections.now },
      { name: "recoveries", hue: "second", value: (figures) => together(figures.recoveries).now },
    ],
    note: ({ reconnections, recoveries }) =>
      list(
        [
          ["reconnections", reconnections.total] as const,
          ...[...recoveries].map(([name, { total }]) => [name, total] as const),
        ],
        "none since the start",
      ),
  },
  {
    id: "errors",
    title: "errors",
    hint: "refused or failed work",
    unit: "events",
    series: one("in 2 s", (figures) => together(figures.errors).now),
    note: (figures) => sinceStart(figures.errors),
    trouble: true,
  },
  {
    id: "closes",
    title: "closes",
    hint: "connections the hub closed",
    unit: "events",
    series: one("in 2 s", (figures) => together(figures.closes).now),
    note: (figures) => sinceStart(figures.closes),
  },
  {
    id: "memory",
    title: "hub memory",
    hint: "resident",
    unit: "bytes",
    series: one("used", (figures) => figures.memoryBytes),
    note: ({ openFiles }) => (openFiles === null ? "" : `${openFiles.toLocaleString("en")} open files`),
  },
  {
    id: "cpu",
    title: "hub CPU",
    hint: "of one core",
    unit: "share",
    series: one("busy", (figures) => figures.cpu),
    note: ({ cpuSeconds }) => (cpuSeconds === null ? "" : `${duration(cpuSeconds)} since the start`),
  },
];
