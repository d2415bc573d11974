import { expect, it } from "vitest";
import { listened, SILENCE, soundAlike, speaks } from "../../src/calls/speaker";

const look = (levels: Record<string, number>, times: number, from = SILENCE) => {
  let state = from;
  for (let time = 0; time < times; time += 1) state = listened(state, new Map(Object.entries(levels)));
  return state;
};

it("keeps whoever spoke last while all are quiet, and forgets who has left", () => {
  const spoken = look({ bo: 0.3, cy: 0 }, 3);
  expect(spoken.speaker).toBe("bo");
  expect(speaks(spoken, "bo")).toBe(true);
  const quiet = look({ bo: 0, cy: 0 }, 20, spoken);
  expect(quiet.speaker).toBe("bo");
  expect(speaks(quiet, "bo")).toBe(false);
  expect(look({ cy: 0 }, 1, quiet).speaker).toBe(null);
});

it("has nothing new to draw while the same people speak", () => {
  const spoken = look({ bo: 0.3, cy: 0 }, 3);
  expect(soundAlike(spoken, look({ bo: 0.2, cy: 0.001 }, 1, spoken))).toBe(true);
  expect(soundAlike(spoken, look({ bo: 0, cy: 0 }, 20, spoken))).toBe(false);
});

it("gives the floor to a clearly louder voice, not to a cough", () => {
  const spoken = look({ bo: 0.2, cy: 0 }, 5);
  expect(look({ bo: 0.2, cy: 0.22 }, 5, spoken).speaker).toBe("bo");
  expect(look({ bo: 0.02, cy: 0.3 }, 5, spoken).speaker).toBe("cy");
});
