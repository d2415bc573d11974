import { expect, it } from "vitest";
import { createPointing } from "../../src/calls/pointing";
import { FakeClock } from "../support/fake-clock";

it("shows a pointer where another points, takes it away, and lets one that rests fade", () => {
  const clock = new FakeClock();
  const pointing = createPointing(clock, () => {});
  pointing.hear("bo", '{"x":0.5,"y":1}');
  expect(pointing.points.value.get("bo")).toEqual({ x: 0.5, y: 1 });
  pointing.hear("bo", "null");
  expect(pointing.points.value.size).toBe(0);
  clock.advance(40);
  pointing.hear("bo", '{"x":0,"y":0}');
  clock.advance(3_100);
  expect(pointing.points.value.size).toBe(0);
});

it("takes nothing from another browser but a place in the picture", () => {
  const pointing = createPointing(new FakeClock(), () => {});
  for (const text of ["{", '{"x":2,"y":0}', '{"x":"0","y":0}', "7", `{"x":0,"y":0,"z":"${"z".repeat(100)}"}`])
    pointing.hear("bo", text);
  expect(pointing.points.value.size).toBe(0);
});

it("sends no more than the others can see", () => {
  const clock = new FakeClock();
  const sent: string[] = [];
  const pointing = createPointing(clock, (text) => sent.push(text));
  clock.advance(1_000);
  for (let time = 0; time < 10; time += 1) pointing.point({ x: 0, y: 0 });
  pointing.point(null);
  pointing.point(null);
  expect(sent).toEqual(['{"x":0,"y":0}', "null"]);
});

it("draws no more of what another sends than a pointer needs", () => {
  const clock = new FakeClock();
  const pointing = createPointing(clock, () => {});
  const drawn: unknown[] = [];
  pointing.points.subscribe((points) => drawn.push(points.get("bo")?.x));
  for (let time = 0; time < 1_000; time += 1) pointing.hear("bo", `{"x":0.${time},"y":0}`);
  for (let time = 0; time < 1_000; time += 1) pointing.hear("cy", "null");
  expect(drawn).toEqual([undefined, 0]);
  clock.advance(40);
  pointing.hear("bo", '{"x":0.5,"y":0}');
  expect(drawn.at(-1)).toBe(0.5);
});
