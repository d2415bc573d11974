// @vitest-environment happy-dom
// What uPlot is told of each figure: its scale, its marks, its points and its restarts.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { History } from "../../src/dashboard/history";
import { PANELS } from "../../src/dashboard/panels";
import { Plot } from "../../src/dashboard/plots";
import { FakePlot, stubBrowser } from "../support/dashboard-page";

vi.mock("uplot", async () => ({ default: (await import("../support/dashboard-page")).FakePlot }));

const SERIES = { first: "#111", second: "#222", third: "#333" };
const PALETTE = { grid: "#aaa", text: "#bbb", mark: "#ccc", surface: "#ddd", series: SERIES, fill: "#eee" };

let history: History;
beforeEach(() => {
  stubBrowser();
  history = new History(3, 900, 600);
});
afterEach(() => vi.unstubAllGlobals());

function plotOf(id: string, top = 10): FakePlot {
  const spec = PANELS.find((each) => each.id === id);
  if (!spec) throw new Error(`no figure ${id}`);
  const source = {
    ...{ history, offset: 0, palette: () => PALETTE, top: () => top, onCursor: () => {} },
    range: (): [number, number] => [100, 400],
  };
  new Plot(spec, source, document.createElement("div")).update();
  return FakePlot.all.at(-1) as FakePlot;
}

describe("the values", () => {
  it("of a time above the scale stand at its top, and none below what is told apart", () => {
    history.push(1, [0, Number.POSITIVE_INFINITY, null]);
    expect(plotOf("delivery", 30).data).toEqual([[1], [0.0001], [30], [null]]);
  });

  it("that are no times stand as they are", () => {
    history.push(1, [0]);
    history.push(3, [2_000_000]);
    expect(plotOf("memory").data).toEqual([
      [1, 3],
      [0, 2_000_000],
    ]);
  });
});

describe("the scale", () => {
  it.each([
    ["connections", null, null, [0, 4]],
    ["connections", 0, 100, [0, 112]],
    ["memory", 0, 100, [0, 1024]],
    ["cpu", 0, 0.01, [0, 0.1]],
    ["messages", 0, null, [0, 2]],
  ] as const)("of %s from %s to %s keeps noise small", (id, min, max, range) => {
    const [low, high] = plotOf(id).options.scales.y.range(null, min, max);
    expect([low, Math.round(high * 1e6) / 1e6]).toEqual(range);
  });

  it.each([
    [null, null, 0.001, 0.1],
    [0.002, 0.02, 0.001, 0.1],
    [0.002, 0.003, 0.001, 0.01],
    [0.01, 0.01, 0.01, 0.1],
    [0.0001, 30, 0.0001, 100],
  ])("of times from %s to %s goes by whole powers of ten", (min, max, low, high) => {
    const range = plotOf("delivery").options.scales.y.range(null, min, max);
    expect(range.map((each) => Number(each.toPrecision(3)))).toEqual([low, high]);
  });

  it("has its marks at the powers of ten, and for people", () => {
    const [, axis] = plotOf("delivery").options.axes;
    const marks = axis?.splits?.(null, 1, 0.001, 10) ?? [];
    expect(axis?.values(null, marks)).toEqual(["1 ms", "10 ms", "100 ms", "1 s", "10 s"]);
  });

  it.each([
    ["connections", [1, 2, 5, 10, 20]],
    ["memory", [1, 2, 4, 8, 16]],
  ])("of %s halves nothing that is whole", (id, first) => {
    expect(plotOf(id).options.axes[1]?.incrs.slice(0, 5)).toEqual(first);
  });

  it("of time has seconds only where the marks are so near", () => {
    const [axis] = plotOf("memory").options.axes;
    const noon = new Date(2026, 0, 1, 12, 0, 30).getTime() / 1000;
    expect(axis?.values(null, [noon], 0, 0, 30)).toEqual(["12:00:30"]);
    expect(axis?.values(null, [noon], 0, 0, 60)).toEqual(["12:00"]);
  });
});

it("a reading between two gaps is a point, since it has no line", () => {
  const alone = plotOf("connections").options.series[1]?.points?.filter;
  expect(alone?.({ data: [[], [1, null, 2, 3, null, 4]] }, 1)).toEqual([0, 5]);
  expect(alone?.({ data: [] }, 1)).toEqual([]);
});

it("each line has the colour of its name", () => {
  const strokes = plotOf("delivery").options.series.map(({ stroke }) => stroke?.());
  expect(strokes).toEqual([undefined, "#111", "#222", "#333"]);
});

it("restarts within the time shown are marked, and no others", () => {
  for (const time of [99, 100, 250, 401]) history.restart(time);
  const at: number[] = [];
  const ctx = new Proxy({ moveTo: (x: number) => at.push(x) } as Record<string, unknown>, {
    get: (target, name: string) => target[name] ?? (() => {}),
  });
  const chart = { ctx, bbox: { top: 0, height: 10 }, valToPos: (time: number) => time };
  plotOf("memory").options.hooks.drawAxes[0]?.(chart);
  expect(at).toEqual([100, 250]);
});
