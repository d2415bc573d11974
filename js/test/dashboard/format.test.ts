import { describe, expect, it } from "vitest";
import { duration, show, text } from "../../src/dashboard/format";

describe("numbers for people", () => {
  it.each([
    [null, "count", "–"],
    [0, "rate", "0/s"],
    [12.34, "rate", "12.3/s"],
    [0.01, "rate", "< 0.1/s"],
    [1234, "count", "1,234"],
    [99_960, "count", "100 k"],
    [12_345_678, "rate", "12.3 M/s"],
    [0.00025, "seconds", "0.25 ms"],
    [0.9994, "seconds", "999 ms"],
    [1.234, "seconds", "1.23 s"],
    [0, "bytes", "0 B"],
    [1536, "bytes", "1.5 KiB"],
    [57_500_000, "bytes", "54.8 MiB"],
    [5e9, "bytes", "4.66 GiB"],
    [0.0149, "share", "1.5 %"],
    [Number.NaN, "share", "–"],
  ] as const)("%d %s is %s", (value, unit, shown) => {
    expect(text(value, unit)).toBe(shown);
  });

  it("says above what an infinite value lies", () => {
    expect(show(Number.POSITIVE_INFINITY, "seconds", 10)).toEqual({ digits: "> 10", unit: "s" });
  });

  it("shows durations by their two largest units", () => {
    expect([-1, 59, 60, 3599, 3600, 90_000].map(duration)).toEqual([
      "0 s",
      "59 s",
      "1 min",
      "59 min",
      "1 h 0 min",
      "1 d 1 h",
    ]);
  });
});
