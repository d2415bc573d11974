import { expect, it } from "vitest";
import vector from "../../tests/vectors/contract.json";
import * as contract from "../src/contract";

it("names every method and event as Python does", () => {
  expect(contract.CHAT_METHODS).toEqual(vector.ChatMethod);
  expect(contract.CHAT_EVENTS).toEqual(vector.ChatEvent);
  expect(contract.STATUS_EVENTS).toEqual(vector.StatusEvent);
});

it("has the same numbers as Python", () => {
  const numbers = Object.entries(contract).filter(([, value]) => typeof value === "number");
  expect(numbers.length).toBeGreaterThan(3);
  expect(vector.numbers).toMatchObject(Object.fromEntries(numbers));
});
