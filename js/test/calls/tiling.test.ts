// How the pictures of a call share a box: all in sight, as large as may be, and scrolled where that is too small.
import { describe, expect, it } from "vitest";
import { GAP, LEAST, tilingOf } from "../../src/calls/tiling";

const WIDTHS = [262, 302, 404, 444, 900];
const HEIGHTS = [120, 180, 240, 400, 640];
const COUNTS = [1, 2, 3, 4, 5, 6, 9, 12];
const boxes = COUNTS.flatMap((count) =>
  WIDTHS.flatMap((width) => HEIGHTS.map((height) => [count, width, height] as const)),
);

it.each(boxes)("%i pictures in %i × %i overlap nothing and go beyond no side", (count, width, height) => {
  const tile = tilingOf(count, width, height);
  const rows = Math.ceil(count / tile.columns);
  expect(tile.columns * (tile.width + GAP) - GAP).toBeLessThanOrEqual(width);
  const isScrolled = rows * (tile.height + GAP) - GAP > height;
  expect(isScrolled && tile.height > LEAST.height).toBe(false);
  expect([tile.width >= LEAST.width, tile.height >= LEAST.height]).toEqual([true, true]);
});

describe("the columns", () => {
  it.each([
    [1, 444, 380, 1],
    [2, 302, 500, 1],
    [2, 444, 380, 2],
    [2, 444, 160, 2],
    [6, 302, 600, 2],
    [6, 444, 300, 3],
    [6, 900, 120, 6],
  ])("of %i pictures in %i × %i are %i", (count, width, height, columns) => {
    expect(tilingOf(count, width, height).columns).toBe(columns);
  });
});

it("one picture is no wider and no higher than a camera's", () => {
  expect(tilingOf(1, 2000, 180)).toEqual({ columns: 1, width: 320, height: 180 });
  expect(tilingOf(1, 300, 2000)).toEqual({ columns: 1, width: 300, height: 400 });
});

it("a box that has no size yet costs nothing", () => {
  for (const count of [0, 1, 6]) expect(tilingOf(count, 0, 0).width).toBe(LEAST.width);
});
