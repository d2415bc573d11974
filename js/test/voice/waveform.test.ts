import { expect, it } from "vitest";
import { bars, clockText, loudness } from "../../src/voice/waveform";

it("the loudest bar is whole, and silence has none", () => {
  const samples = new Float32Array(480);
  samples.fill(0.2, 0, 10);
  samples.fill(-0.1, 10, 20);
  expect(bars(samples, 48).slice(0, 3)).toEqual([1, expect.closeTo(0.5), 0]);
  expect(bars(new Float32Array(480), 4)).toEqual([0, 0, 0, 0]);
  expect(bars(new Float32Array(0), 2)).toEqual([0, 0]);
});

it("loudness is between 0 and 1", () => {
  expect(loudness([])).toBe(0);
  expect(loudness([1, -1])).toBe(1);
});

it("a time is written as a clock does", () => {
  expect([clockText(0), clockText(65.9), clockText(600)]).toEqual(["0:00", "1:05", "10:00"]);
});
