import { afterEach, beforeEach, expect, vi } from "vitest";
import { chatTexts } from "../src/texts/en/chat";
import { addTexts } from "../src/texts/texts";

addTexts(chatTexts);

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
