import { expect, it } from "vitest";
import { createFrames } from "../../src/drawing/frames";
import { FakeClock } from "../support/fake-clock";

/** Frames whose text has `left` pictures still to be drawn. */
function opened(left: number) {
  const clock = new FakeClock();
  const drawn: number[] = [];
  const frames = createFrames(clock, () => {
    drawn.push(clock.now());
    left -= 1;
    return left > 0;
  });
  return { clock, drawn, frames, view: frames.attach() };
}

it("draws what has come with the next frame", async () => {
  const { clock, drawn, frames } = opened(1);
  frames.request();
  await clock.paint();
  expect(drawn.length).toBe(1);
  expect(clock.pending).toBe(0);
});

it("draws the rest of a text in every third frame where nothing else comes", async () => {
  const { clock, drawn, frames } = opened(10);
  frames.request();
  for (let frame = 0; frame < 40; frame += 1) await clock.paint();
  expect(drawn.length).toBe(10);
  const steps = drawn.slice(1).map((at, index) => at - (drawn[index] ?? 0));
  expect(new Set(steps)).toEqual(new Set([48]));
  expect(clock.pending).toBe(0);
});

it("draws what comes meanwhile with the next frame, and the rest with it", async () => {
  const { clock, drawn, frames } = opened(2);
  frames.request();
  await clock.paint();
  frames.request();
  await clock.paint();
  expect(drawn.length).toBe(2);
  expect(clock.pending).toBe(0);
});

it("draws no rest once the view is gone", async () => {
  const { clock, drawn, frames, view } = opened(5);
  frames.request();
  await clock.paint();
  view.end();
  expect(clock.pending).toBe(0);
  await clock.paint();
  await clock.paint();
  expect(drawn.length).toBe(1);
  frames.attach();
  await clock.paint();
  expect(drawn.length).toBe(2);
});

it("draws the first picture of a view out of sight at once, and what changes then once a second", async () => {
  const { clock, drawn, frames, view } = opened(1);
  view.seen(false);
  frames.request();
  clock.advance(1);
  expect(drawn.length).toBe(1);
  frames.request();
  clock.advance(900);
  expect(drawn.length).toBe(1);
  clock.advance(100);
  expect(drawn.length).toBe(2);
});
