import { vi } from "vitest";
import html from "../../src/dashboard/dashboard.html?raw";
import type { Figures } from "../../src/dashboard/figures";

/** Puts the dashboard's own page into the document, without its scripts. */
export function openPage(): void {
  document.body.innerHTML = /<body>([\s\S]*)<\/body>/.exec(html)?.[1] ?? "";
  document.title = "Hub dashboard";
}

interface Drawn {
  options: {
    width: number;
    height: number;
    scales: {
      x: { range(): [number, number] };
      y: { range(u: unknown, min: number | null, max: number | null): [number, number] };
    };
    axes: {
      incrs: number[];
      values(u: unknown, values: number[], axis?: number, space?: number, step?: number): string[];
      splits?(u: unknown, axis: number, min: number, max: number): number[];
    }[];
    series: { stroke?(): string; points?: { filter(chart: unknown, series: number): number[] } }[];
    hooks: {
      drawAxes: ((chart: unknown) => void)[];
      setCursor: ((chart: { cursor: { idx: number | null } }) => void)[];
    };
  };
  data: (number | null)[][];
}

/** Stands for uPlot, which draws on a canvas that is not here: keeps what it is given. */
export class FakePlot {
  static paths = { stepped: () => () => null };
  static all: FakePlot[] = [];
  readonly cursors: { left: number; top: number }[] = [];
  readonly over = { clientHeight: 100 };
  width: number;
  redraws = 0;

  constructor(
    readonly options: Drawn["options"],
    public data: Drawn["data"],
  ) {
    this.width = options.width;
    FakePlot.all.push(this);
  }

  setData(data: Drawn["data"]): void {
    this.data = data;
  }

  setSize({ width }: { width: number }): void {
    this.width = width;
  }

  setCursor(cursor: { left: number; top: number }): void {
    this.cursors.push(cursor);
  }

  valToPos(time: number): number {
    return time;
  }

  redraw(): void {
    this.redraws += 1;
  }
}

export const DARK = Object.assign(new EventTarget(), { matches: false });

/** What a page needs of a browser for plots. */
export function stubBrowser(): void {
  FakePlot.all = [];
  vi.stubGlobal("matchMedia", () => DARK);
  vi.stubGlobal(
    "ResizeObserver",
    class {
      constructor(readonly changed: () => void) {
        resizes.push(changed);
      }
      observe(): void {}
      disconnect(): void {}
    },
  );
}

export const resizes: (() => void)[] = [];

const change = (total: number, fresh: number | null): object => ({ total, new: fresh, perSecond: fresh });

/** What a hub says: so many connections, and so many errors since the reading before. */
export function figuresOf(
  connections: number,
  errors: number | null = null,
  given: Partial<Figures> = {},
): Figures {
  return {
    ...{ reading: `r${connections}`, startedAt: 100, uptimeSeconds: 3_700 },
    gauges: { connections: { all: connections, by: { "/chat": connections } } },
    counters: {
      errors: { all: change(9, errors), by: { refused: change(9, errors) } },
    } as Figures["counters"],
    timings: {
      delivery: {
        now: { p50: 0.002, p95: 0.02, p99: "above" },
        ever: { p50: 0.002, p95: 0.02, p99: "above" },
        top: 10,
      },
    },
    ...given,
  };
}
