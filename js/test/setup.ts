import { setMaxListeners } from "node:events";
import { options } from "preact";
import { afterAll, afterEach, beforeEach, expect, vi } from "vitest";
import { chatTexts } from "../src/texts/en/chat";
import { addTexts } from "../src/texts/texts";

addTexts(chatTexts);
// Each part of a store ends with its lifetime: dozens of listeners are right, hundreds would be a leak.
setMaxListeners(64);

/** How many runs of Preact's passive effects are due. */
let due = 0;
// Its own timer for them may outlive the page of a test file, and then misses the page's functions.
options.requestAnimationFrame = (run) => {
  due += 1;
  setTimeout(() => {
    due -= 1;
    run();
  }, 0);
};
afterAll(async () => {
  while (due > 0) await new Promise((done) => setTimeout(done, 0));
});

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
