import { afterEach, beforeEach, expect, vi } from "vitest";

beforeEach(() => {
  globalThis.sessionStorage?.clear();
  vi.spyOn(console, "error");
  vi.spyOn(console, "warn");
});

afterEach(() => {
  expect(vi.mocked(console.error).mock.calls).toEqual([]);
  expect(vi.mocked(console.warn).mock.calls).toEqual([]);
});
