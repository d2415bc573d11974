import { expect, it } from "vitest";
import { choiceGroups, choiceText, isChoice, isOffered, readChoice } from "../../src/state/choice";
import { figures } from "../support/chat";

it("reads back what it wrote, and nothing else", () => {
  for (const choice of [{ provider: "a", model: "m" }, { provider: "a" }, { model: "m" }, {}])
    expect(readChoice(choiceText(choice))).toEqual(choice);
  for (const text of ["", "{}", "[1,2]", "no JSON", '"x"']) expect(readChoice(text)).toEqual({});
});

it("groups the models by provider; one that is off is left out, one without a list chooses by itself", () => {
  const groups = choiceGroups([
    figures("a", { models: ["m", "n"] }),
    figures("b", { state: "disabled" }),
    figures("c", { state: "down" }),
  ]);
  expect(groups).toEqual([
    { provider: "a", state: "healthy", models: ["m", "n"] },
    { provider: "c", state: "down", models: [""] },
  ]);
  expect(isOffered({ provider: "a", model: "n" }, groups)).toBe(true);
  expect(isOffered({ provider: "c" }, groups)).toBe(true);
  expect(isOffered({ provider: "a", model: "gone" }, groups)).toBe(false);
});

it("is no choice with one model", () => {
  expect(isChoice(choiceGroups([figures("a", { models: ["m"] })]))).toBe(false);
  expect(isChoice(choiceGroups([figures("a", { models: ["m", "n"] })]))).toBe(true);
});
