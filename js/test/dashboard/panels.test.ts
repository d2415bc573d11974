import { describe, expect, it } from "vitest";
import type { Figures } from "../../src/dashboard/figures";
import { PANELS } from "../../src/dashboard/panels";

describe("panels", () => {
  const nothing: Figures = {
    ...{ reading: "ab-1", startedAt: 1, uptimeSeconds: 2 },
    ...{ gauges: {}, counters: {}, timings: {} },
  };
  const change = (total: number, fresh: number | null) => ({ total, new: fresh, perSecond: fresh });
  const values = (id: string, figures: Figures) => {
    const panel = PANELS.find((each) => each.id === id);
    return [panel?.series.map(({ value }) => value(figures)), panel?.note?.(figures)];
  };

  it("shows gaps where the hub says nothing", () => {
    for (const panel of PANELS) {
      expect(panel.series.map(({ value }) => value(nothing))).toEqual(panel.series.map(() => null));
      expect(typeof panel.note?.(nothing)).toBe("string");
    }
  });

  it("shows what the hub computed, the largest names first", () => {
    const figures: Figures = {
      ...nothing,
      gauges: { connections: { all: 3, by: { "/a": 1, "/b": 2 } }, openFiles: { all: 20, by: {} } },
      counters: {
        errors: { all: change(7, 4), by: { refused: change(2, 1), timeout: change(5, 3) } },
        generated: { all: change(2, null), by: { "": change(2, null) } },
      },
      timings: {
        delivery: {
          now: { p50: 0.5, p95: "above", p99: "above" },
          ever: { p50: 0.5, p95: 0.5, p99: "above" },
          top: 10,
        },
      },
    };
    expect(values("connections", figures)).toEqual([[3], "/b 2 · /a 1"]);
    expect(values("errors", figures)).toEqual([[4], "timeout 5 · refused 2"]);
    expect(values("generations", figures)).toEqual([[null], "finished 2"]);
    expect(values("memory", figures)).toEqual([[null], "20 open files"]);
    const above = Number.POSITIVE_INFINITY;
    expect(values("delivery", figures)).toEqual([
      [0.5, above, above],
      "since the start 500 ms, 500 ms, > 10 s",
    ]);
  });
});
