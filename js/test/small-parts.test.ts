import { describe, expect, it, vi } from "vitest";
import { codePoints, dropCodePoints, prefix } from "../src/code-points";
import { framesToSkip, nextShown } from "../src/drawing/reveal";
import { uuid } from "../src/identifier";
import { createTypingNotifier } from "../src/store/typing-notifier";
import { FakeClock } from "./support/fake-clock";

describe("code points", () => {
  it("counts and drops whole characters beyond the basic plane", () => {
    expect(codePoints("a😀é👍")).toBe(4);
    expect(dropCodePoints("a😀é", 2)).toBe("é");
    expect(dropCodePoints("ab", 5)).toBe("");
  });

  it("never cuts one in half", () => {
    expect(prefix("a😀b", 2)).toBe("a😀");
    expect(prefix("a😀b", 1)).toBe("a");
  });
});

describe("revealing a burst", () => {
  it("takes about 150 ms, always goes on, never goes beyond the end", () => {
    let shown = 0;
    let frames = 0;
    for (; shown < 600; frames += 1) {
      const next = nextShown(shown, 600, 16);
      expect(next).toBeGreaterThan(shown);
      shown = next;
      if (frames === 9) expect(shown, "after 160 ms").toBeGreaterThan(570);
    }
    expect(shown).toBe(600);
  });

  it("does not crawl through a long catching-up", () => {
    expect(nextShown(0, 50_000, 16)).toBe(50_000);
  });

  it("leaves out frames after slow renders", () => {
    expect([2, 7, 13].map(framesToSkip)).toEqual([0, 1, 3]);
  });
});

describe("typing", () => {
  it("says so once, again after 3 s of typing, and stops after 4 s of none", () => {
    const clock = new FakeClock();
    const said: boolean[] = [];
    const typing = createTypingNotifier(clock, (is) => said.push(is));
    for (let second = 0; second < 4; second += 1) {
      typing.input();
      clock.advance(1_000);
    }
    expect(said).toEqual([true, true]);
    clock.advance(3_100);
    expect(said).toEqual([true, true, false]);
    typing.stop();
    expect(said, "stopping twice says nothing").toHaveLength(3);
    expect(clock.pending).toBe(0);
  });

  it("stops at once when the message is sent", () => {
    const clock = new FakeClock();
    const notify = vi.fn();
    const typing = createTypingNotifier(clock, notify);
    typing.input();
    typing.stop();
    expect(notify.mock.calls).toEqual([[true], [false]]);
    expect(clock.pending).toBe(0);
  });
});

it("makes version 4 UUIDs without a secure context too", () => {
  const pattern = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
  expect(uuid()).toMatch(pattern);
  vi.stubGlobal("crypto", { getRandomValues: crypto.getRandomValues.bind(crypto) });
  expect(uuid()).toMatch(pattern);
  expect(uuid()).not.toBe(uuid());
  vi.unstubAllGlobals();
});
