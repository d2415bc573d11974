import { setMaxListeners } from "node:events";
import { afterEach, beforeEach, expect, vi } from "vitest";
import { chatTexts } from "../src/texts/en/chat";
import { addTexts } from "../src/texts/texts";

addTexts(chatTexts);
// Each part of a store ends with its lifetime: dozens of listeners are right, hundreds would be a leak.
setMaxListeners(64);

beforeEach(() => {
  globalThis.sessionStorage?.clear();
  globalThis.localStorage?.clear();
  vi.spyOn(console, "error");
  vi.spyOn(console, "warn");
});

afterEach(() => {
  expect(vi.mocked(console.error).mock.calls).toEqual([]);
  expect(vi.mocked(console.warn).mock.calls).toEqual([]);
});
