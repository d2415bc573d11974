/** One plot: lines over time that share their cursor with every other plot of the page. */

import uPlot from "uplot";
import { text, timeOfDay, type Unit } from "./format";
import type { History, Value } from "./history";
import type { Palette } from "./palette";
import type { PanelSpec } from "./panels";

const HEIGHT = 128;
const AXIS_FONT = "11px system-ui, sans-serif";
const TOGETHER = "dashboard";
/** The scale never ends below this: noise near zero shall not look like a mountain. */
const LEAST_TOP: Readonly<Record<Unit, number>> = {
  count: 4,
  events: 4,
  rate: 2,
  seconds: 0,
  bytes: 1024,
  share: 0.1,
};
/** Latencies go by powers of ten: half a millisecond and ten seconds are both seen. */
const LEAST_LATENCY = 0.0001;
const TIME_STEPS = [10, 15, 30, 60, 120, 180, 300];

export interface PlotSource {
  readonly history: History;
  /** Where this panel's series begin among the history's columns. */
  readonly offset: number;
  palette(): Palette;
  /** The times shown (epoch seconds). */
  range(): [number, number];
  /** What stands for an infinite value. */
  top(): number;
  /** The cursor went to a reading, or away. */
  onCursor(index: number | null): void;
}

export class Plot {
  private readonly chart: uPlot;
  private readonly resize: ResizeObserver;

  constructor(
    private readonly spec: PanelSpec,
    private readonly source: PlotSource,
    private readonly element: HTMLElement,
  ) {
    this.chart = new uPlot(this.options(), this.data(), element);
    this.resize = new ResizeObserver(() => this.fit());
    this.resize.observe(element);
  }

  /** Draw what the history holds now. */
  update(): void {
    this.chart.setData(this.data());
  }

  /** Draw anew, in other colours. */
  repaint(): void {
    this.chart.redraw(false);
  }

  /** Put the cursor of every plot on a reading; null takes it away. */
  point(index: number | null): void {
    const time = index === null ? undefined : this.source.history.times[index];
    const left = time === undefined ? -10 : this.chart.valToPos(time, "x");
    const top = time === undefined ? -10 : this.chart.over.clientHeight / 2;
    this.chart.setCursor({ left, top });
  }

  private fit(): void {
    const width = Math.floor(this.element.clientWidth);
    if (width > 0 && width !== this.chart.width) this.chart.setSize({ width, height: HEIGHT });
  }

  private data(): uPlot.AlignedData {
    const { history, offset } = this.source;
    const top = this.source.top();
    const low = this.spec.unit === "seconds" ? LEAST_LATENCY : Number.NEGATIVE_INFINITY;
    const drawn = (value: Value): Value =>
      value === null ? null : Math.max(low, Number.isFinite(value) ? value : top);
    return [
      history.times,
      ...this.spec.series.map((_, index) => (history.columns[offset + index] ?? []).map(drawn)),
    ];
  }

  private options(): uPlot.Options {
    const { spec, source } = this;
    const palette = () => source.palette();
    const axis: uPlot.Axis = {
      font: AXIS_FONT,
      stroke: () => palette().text,
      ticks: { show: false },
    };
    const gridLine = { stroke: () => palette().grid, width: 1 };
    return {
      width: Math.max(1, Math.floor(this.element.clientWidth)),
      height: HEIGHT,
      padding: [6, 10, 0, 0],
      legend: { show: false },
      cursor: {
        sync: { key: TOGETHER, scales: ["x", null] },
        drag: { setScale: false, x: false, y: false },
        y: false,
        points: { size: 7, width: 2, stroke: (_, index) => this.color(index), fill: () => palette().surface },
      },
      scales: {
        x: { time: true, range: () => source.range() },
        y:
          spec.unit === "seconds"
            ? { distr: 3, range: (_, min, max) => decades(min, max) }
            : { range: (_, __, max) => [0, Math.max((max ?? 0) * 1.12, LEAST_TOP[spec.unit])] },
      },
      axes: [
        {
          ...axis,
          size: 24,
          gap: 4,
          space: 60,
          incrs: TIME_STEPS,
          grid: { show: false },
          values: (_, times, __, ___, step) => times.map((time) => timeOfDay(time, step < 60)),
        },
        {
          ...axis,
          size: 62,
          gap: 6,
          space: 22,
          incrs: steps(spec.unit),
          ...(spec.unit === "seconds" ? { splits: (_, __, min, max) => powersOfTen(min, max) } : {}),
          grid: gridLine,
          values: (_, values) => values.map((value) => text(value, spec.unit)),
        },
      ],
      series: [{}, ...spec.series.map((_, index) => this.series(index))],
      hooks: {
        drawAxes: [(chart) => this.drawRestarts(chart)],
        setCursor: [(chart) => source.onCursor(chart.cursor.idx ?? null)],
      },
    };
  }

  private series(index: number): uPlot.Series {
    const counts = this.spec.unit === "events" || this.spec.unit === "count";
    const stepped = counts
      ? uPlot.paths.stepped?.({ align: this.spec.unit === "events" ? -1 : 1 })
      : undefined;
    return {
      stroke: () => this.color(index + 1),
      width: index < this.spec.series.length - 1 ? 2 : 1.5, // lines that lie on each other are both seen
      points: {
        show: true,
        size: 5,
        fill: () => this.color(index + 1),
        filter: (chart, series) => alone(chart.data[series] ?? []),
      },
      ...(index === 0 && this.spec.series.length === 1 ? { fill: () => this.source.palette().fill } : {}),
      ...(stepped ? { paths: stepped } : {}),
    };
  }

  private color(series: number): string {
    const hue = this.spec.series[series - 1]?.hue ?? "first";
    return this.source.palette().series[hue];
  }

  private drawRestarts(chart: uPlot): void {
    const { ctx, bbox } = chart;
    const [from, to] = this.source.range();
    ctx.save();
    ctx.strokeStyle = this.source.palette().mark;
    ctx.lineWidth = devicePixelRatio;
    ctx.setLineDash([4 * devicePixelRatio, 3 * devicePixelRatio]);
    for (const time of this.source.history.restarts) {
      if (time < from || time > to) continue;
      const x = Math.round(chart.valToPos(time, "x", true));
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
    }
    ctx.restore();
  }
}

/** Readings between two gaps: they have no line, and are drawn as points. */
function alone(values: ArrayLike<Value | undefined>): number[] {
  const found: number[] = [];
  for (let index = 0; index < values.length; index++) {
    if (values[index] != null && values[index - 1] == null && values[index + 1] == null) found.push(index);
  }
  return found;
}

/** The powers of ten around values; a whole decade at least. */
function decades(min: number | null, max: number | null): [number, number] {
  const low = 10 ** Math.floor(Math.log10(min ?? LEAST_LATENCY * 10));
  return [low, Math.max(low * 10, 10 ** Math.ceil(Math.log10(max ?? LEAST_LATENCY * 1000)))];
}

function powersOfTen(min: number, max: number): number[] {
  const found: number[] = [];
  for (let power = Math.round(Math.log10(min)); power <= Math.round(Math.log10(max)); power++)
    found.push(10 ** power);
  return found;
}

/** Distances between grid lines: whole things are not halved, bytes go by powers of two. */
function steps(unit: Unit): number[] {
  const base = unit === "bytes" ? [1, 2, 4, 8, 16, 32, 64, 128, 256, 512] : [1, 2, 5];
  const factor = unit === "bytes" ? 1024 : 10;
  const [low, high] = unit === "count" || unit === "events" || unit === "bytes" ? [0, 8] : [-5, 8];
  const found: number[] = [];
  for (let power = low; power <= high; power++) {
    for (const step of base) found.push(Number((step * factor ** power).toPrecision(12)));
  }
  return found;
}
