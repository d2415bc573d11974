import { expect, it } from "vitest";
import { actions } from "../../../src/texts/en/actions";
import { addTexts } from "../../../src/texts/texts";
import { factsLine } from "../../../src/views/beside/facts";

addTexts(actions);

it("says how much of a conversation the model read when not all of it fitted", () => {
  expect(factsLine({ provider: "house", messagesRead: 12 })).toBe(
    "house · the newest 12 messages only, older ones did not fit",
  );
  expect(factsLine({ provider: "house", messagesRead: 1 })).toMatch(/the newest message only/);
  expect(factsLine({ provider: "house" })).toBe("house");
});
