// @vitest-environment happy-dom
// All figures together, as the page shows, says and draws them; uPlot itself has no canvas here.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Board } from "../../src/dashboard/board";
import { timeOfDay } from "../../src/dashboard/format";
import { PANELS } from "../../src/dashboard/panels";
import { DARK, FakePlot, figuresOf, resizes, stubBrowser } from "../support/dashboard-page";
import { press } from "../support/view";

vi.mock("uplot", async () => ({ default: (await import("../support/dashboard-page")).FakePlot }));

const START = Date.UTC(2026, 0, 1, 12);

let root: HTMLElement;
let said: string[];
let board: Board;
beforeEach(() => {
  vi.useFakeTimers({ now: START, toFake: ["Date"] });
  stubBrowser();
  [root, said] = [document.createElement("div"), []];
  document.body.append(root);
  board = new Board(root, (words) => said.push(words));
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  root.remove();
});

const later = (seconds: number): void => void vi.setSystemTime(Date.now() + seconds * 1000);
const card = (id: string): HTMLElement => root.querySelector(`#figure-${id}`) as HTMLElement;
const digits = (id: string): string[] =>
  [...card(id).querySelectorAll("dd")].map((each) => each.textContent ?? "");
const hint = (id: string): string => card(id).querySelector(".hint")?.textContent ?? "";
const canvas = (id: string): HTMLElement => card(id).querySelector(".plot") as HTMLElement;
const plot = (id: string): FakePlot => FakePlot.all[PANELS.findIndex((each) => each.id === id)] as FakePlot;

describe("a figure", () => {
  it("is named, by its title and for those who do not see the plot", () => {
    board.add(figuresOf(3));
    const title = card("connections").querySelector("h2");
    expect(card("connections").getAttribute("aria-labelledby")).toBe(title?.id);
    expect([canvas("connections").getAttribute("role"), canvas("connections").tabIndex]).toEqual(["img", 0]);
    expect(canvas("connections").getAttribute("aria-label")).toBe(
      "connections, open now: open 3. Last 5 min.",
    );
  });

  it("has nothing to show before the first reading", () => {
    expect([digits("connections"), hint("connections")]).toEqual([["–"], "open now"]);
  });

  it("shows the newest value and the line beneath it", () => {
    board.add(figuresOf(3));
    later(2);
    board.add(figuresOf(12_345));
    expect(digits("connections")).toEqual(["12.3k"]);
    expect(card("connections").querySelector(".note")?.textContent).toBe("/chat 12,345");
    expect(digits("delivery")).toEqual(["2ms", "20ms", "> 10s"]);
  });

  it("keeps the last value where no answer comes, and says of when it is", () => {
    const at = Date.now() / 1000;
    board.add(figuresOf(3));
    later(2);
    board.miss();
    expect([digits("connections"), hint("connections")]).toEqual([["3"], `last at ${timeOfDay(at)}`]);
    expect(card("connections").classList.contains("old")).toBe(true);
    later(2);
    board.add(figuresOf(4));
    expect([digits("connections"), hint("connections")]).toEqual([["4"], "open now"]);
    expect(plot("connections").data[1]).toEqual([3, null, 4]);
  });

  it("forgets a value that is older than the time shown", () => {
    board.add(figuresOf(3));
    later(5 * 60 + 1);
    board.miss();
    expect(digits("connections")).toEqual(["–"]);
    board.show(15);
    expect(digits("connections")).toEqual(["3"]);
  });
});

describe("troubles", () => {
  const sum = (): string | undefined => digits("errors")[1];

  it("are counted over the time shown, and marked where there are any", () => {
    board.add(figuresOf(1, 0));
    expect([sum(), card("errors").classList.contains("trouble")]).toEqual(["0", false]);
    later(60);
    board.add(figuresOf(1, 4));
    later(2);
    board.add(figuresOf(1, 1));
    expect([sum(), card("errors").classList.contains("trouble")]).toEqual(["5", true]);
    expect(card("errors").querySelectorAll("dt")[1]?.textContent).toBe("in 5 min");
    later(4 * 60 + 59);
    board.add(figuresOf(1, 0));
    expect(sum()).toBe("1");
  });

  it("are unknown before anything was counted, which is no zero", () => {
    board.add(figuresOf(1, null));
    expect([sum(), card("errors").classList.contains("trouble")]).toEqual(["–", false]);
  });

  it("of another kind than errors are no reason to look", () => {
    board.add(figuresOf(1, 5, { counters: { closes: { all: { total: 5, new: 5, perSecond: 2 }, by: {} } } }));
    expect(card("closes").classList.contains("trouble")).toBe(false);
  });
});

describe("the next reading", () => {
  it("follows on the one before, also after a miss, and not after a pause", () => {
    expect(board.reading).toBe("");
    board.add(figuresOf(7));
    expect(board.reading).toBe("r7");
    board.miss();
    expect(board.reading).toBe("r7");
    board.pause();
    expect(board.reading).toBe("");
  });

  it.each([
    ["the same process", 100, false],
    ["a new one, which is a restart", 200, false],
    ["an older one, beside the one before", 50, true],
  ])("may be of %s", (_, startedAt, beside) => {
    board.add(figuresOf(1));
    later(2);
    expect(board.add(figuresOf(1, 0, { startedAt }))).toBe(beside);
  });

  it("a pause before anything was read leaves no gap", () => {
    board.pause();
    later(2);
    board.add(figuresOf(1));
    expect(plot("connections").data[0]).toHaveLength(1);
  });
});

describe("the arrow keys", () => {
  const times: number[] = [];
  beforeEach(() => {
    times.length = 0;
    for (const connections of [1, 2, 3]) {
      times.push(Date.now() / 1000);
      board.add(figuresOf(connections));
      later(2);
    }
  });
  const go = (key: string): KeyboardEvent => press(canvas("connections"), key);

  it("go from reading to reading, in all figures, and say each aloud", () => {
    expect(go("ArrowLeft").defaultPrevented).toBe(true);
    go("ArrowLeft");
    expect(digits("connections")).toEqual(["2"]);
    expect(hint("delivery")).toBe(`at ${timeOfDay(times[1] ?? 0)}`);
    expect(card("delivery").classList.contains("past")).toBe(true);
    expect(said.at(-1)).toBe(`${timeOfDay(times[1] ?? 0)}: open 2`);
    expect(plot("connections").cursors.at(-1)).toEqual({ left: times[1], top: 50 });
  });

  it("end at the first and the last reading", () => {
    for (let time = 0; time < 9; time += 1) go("ArrowLeft");
    expect(digits("connections")).toEqual(["1"]);
    for (let time = 0; time < 9; time += 1) go("ArrowRight");
    expect(digits("connections")).toEqual(["3"]);
  });

  it("are over with Escape: the newest values stand there again", () => {
    go("ArrowLeft");
    go("ArrowLeft");
    go("Escape");
    expect([digits("connections"), hint("connections")]).toEqual([["3"], "open now"]);
    expect(plot("connections").cursors.at(-1)?.left).toBeLessThan(0);
  });

  it("leave other keys to the page", () => {
    expect(["ArrowDown", "Tab", "a"].map((key) => go(key).defaultPrevented)).toEqual([false, false, false]);
    expect(said).toEqual([]);
  });

  it("a pointer over one plot shows its reading in all figures", () => {
    plot("memory").options.hooks.setCursor[0]?.({ cursor: { idx: 0 } });
    expect(digits("connections")).toEqual(["1"]);
    plot("memory").options.hooks.setCursor[0]?.({ cursor: { idx: null } });
    expect(digits("connections")).toEqual(["3"]);
  });
});

it("nothing is said by the arrow keys before there is a reading", () => {
  expect(press(canvas("connections"), "ArrowLeft").defaultPrevented).toBe(false);
  expect(said).toEqual([]);
});

it("all plots are drawn anew in other colours, and as wide as their cards", () => {
  DARK.dispatchEvent(new Event("change"));
  expect(FakePlot.all.map(({ redraws }) => redraws)).toEqual(PANELS.map(() => 1));
  vi.spyOn(HTMLElement.prototype, "clientWidth", "get").mockReturnValue(432.7);
  for (const resize of resizes) resize();
  expect(plot("connections").width).toBe(432);
});
