/** Which figures are plotted, and how each is named. */

import { plainName } from "../plain";
import type { Change, Figures, Quantile } from "./figures";
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

const NONE = "none since the start";
const NO_CHANGE: Change = { total: 0, new: null, perSecond: null };

const gauge = ({ gauges }: Figures, name: string): Value => gauges[name]?.all ?? null;

const gauges = (figures: Figures, name: string): [string, number][] =>
  Object.entries(figures.gauges[name]?.by ?? {});

const counter = ({ counters }: Figures, name: string): Change => counters[name]?.all ?? NO_CHANGE;

const totals = ({ counters }: Figures, name: string): [string, number][] =>
  Object.entries(counters[name]?.by ?? {}).map(([label, { total }]) => [label, total]);

/** A quantile above the scale is infinite. */
const plotted = (quantile: Quantile | undefined): Value =>
  quantile === "above" ? Number.POSITIVE_INFINITY : (quantile ?? null);

function timing(id: string, title: string, hint: string, name: string): PanelSpec {
  const now = ({ timings }: Figures) => timings[name]?.now;
  const top = ({ timings }: Figures) => timings[name]?.top ?? 0;
  const series: SeriesSpec[] = [
    { name: "p50", hue: "first", value: (figures) => plotted(now(figures)?.p50) },
    { name: "p95", hue: "second", value: (figures) => plotted(now(figures)?.p95) },
    { name: "p99", hue: "third", value: (figures) => plotted(now(figures)?.p99) },
  ];
  const note = (figures: Figures): string => {
    const ever = figures.timings[name]?.ever;
    if (!ever || ever.p50 === null) return NONE;
    const shown = [ever.p50, ever.p95, ever.p99].map((each) => text(plotted(each), "seconds", top(figures)));
    return `since the start ${shown.join(", ")}`;
  };
  return { id, title, hint, unit: "seconds", series, note, top };
}

export const PANELS: readonly PanelSpec[] = [
  {
    id: "connections",
    title: "connections",
    hint: "open now",
    unit: "count",
    series: one("open", (figures) => gauge(figures, "connections")),
    note: (figures) => list(gauges(figures, "connections"), "nobody is connected"),
  },
  {
    id: "messages",
    title: "messages",
    hint: "a second",
    unit: "rate",
    series: [
      { name: "in", hue: "first", value: (figures) => counter(figures, "received").perSecond },
      { name: "out", hue: "second", value: (figures) => counter(figures, "sent").perSecond },
    ],
    note: (figures) => {
      const [received, sent] = ["received", "sent"].map((name) =>
        counter(figures, name).total.toLocaleString("en"),
      );
      return `${received} in, ${sent} out since the start`;
    },
  },
  {
    id: "generations",
    title: "generations",
    hint: "answers being written",
    unit: "count",
    series: one("active", (figures) => gauge(figures, "generations")),
    note: (figures) =>
      list(
        totals(figures, "generated").map(([how, count]) => [how || "finished", count] as const),
        NONE,
      ),
  },
  timing("delivery", "delivery", "from queued to written", "delivery"),
  timing("method", "method", "time in a hub method", "method"),
  timing("first-chunk", "first chunk", "until a model begins", "firstChunk"),
  timing("flush", "chunk to sent", "how long chunks wait in the hub", "flush"),
  {
    id: "queue",
    title: "outbound queue",
    hint: "waiting for slow readers",
    unit: "bytes",
    series: one("waiting", (figures) => gauge(figures, "queuedBytes")),
    note: (figures) =>
      list(gauges(figures, "queuedBytes"), "nothing is waiting", (bytes) => text(bytes, "bytes")),
  },
  {
    id: "reconnections",
    title: "reconnections",
    hint: "users back, conversations resumed",
    unit: "events",
    series: [
      { name: "reconnections", hue: "first", value: (figures) => counter(figures, "reconnections").new },
      { name: "recoveries", hue: "second", value: (figures) => counter(figures, "recoveries").new },
    ],
    note: (figures) =>
      list(
        [["reconnections", counter(figures, "reconnections").total], ...totals(figures, "recoveries")],
        NONE,
      ),
  },
  {
    id: "errors",
    title: "errors",
    hint: "refused or failed work",
    unit: "events",
    series: one("in 2 s", (figures) => counter(figures, "errors").new),
    note: (figures) => list(totals(figures, "errors"), NONE),
    trouble: true,
  },
  {
    id: "closes",
    title: "closes",
    hint: "connections the hub closed",
    unit: "events",
    series: one("in 2 s", (figures) => counter(figures, "closes").new),
    note: (figures) => list(totals(figures, "closes"), NONE),
  },
  {
    id: "memory",
    title: "hub memory",
    hint: "resident",
    unit: "bytes",
    series: one("used", (figures) => gauge(figures, "memoryBytes")),
    note: (figures) => {
      const files = gauge(figures, "openFiles");
      return files === null ? "" : `${files.toLocaleString("en")} open files`;
    },
  },
  {
    id: "cpu",
    title: "hub CPU",
    hint: "of one core",
    unit: "share",
    series: one("busy", (figures) => counter(figures, "cpuSeconds").perSecond),
    note: ({ counters: { cpuSeconds } }) =>
      cpuSeconds ? `${duration(cpuSeconds.all.total)} since the start` : "",
  },
];
