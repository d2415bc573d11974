import { describe, expect, it } from "vitest";
import { FIRST, MessageWindow, STEP, WINDOW } from "../../../src/views/transcript/message-window";

const list = (count: number, from = 0): { id: string }[] =>
  Array.from({ length: count }, (_, index) => ({ id: `m${from + index}` }));

function grown(window: MessageWindow): number {
  let steps = 0;
  for (; window.wants; steps += 1) window.grow();
  return steps;
}

describe("while the view follows", () => {
  it("draws the newest, then more in small steps up to the usual number", () => {
    const window = new MessageWindow();
    const messages = list(1_000);
    expect(window.update([], true)).toEqual({ start: 0, end: 0 });
    expect(window.update(messages, true)).toEqual({ start: 1_000 - FIRST, end: 1_000 });
    let before = 1_000 - FIRST;
    while (window.wants) {
      window.grow();
      const { start } = window.update(messages, true);
      expect(before - start).toBeLessThanOrEqual(STEP);
      before = start;
    }
    expect(before).toBe(1_000 - WINDOW);
  });

  it("keeps what is drawn when messages come, and lets the oldest go beyond the usual number", () => {
    const window = new MessageWindow();
    expect(window.update(list(10), true)).toEqual({ start: 0, end: 10 });
    expect(window.update(list(FIRST + 5), true)).toEqual({ start: 0, end: FIRST + 5 });
    expect(window.wants).toBeNull();
    expect(window.update(list(WINDOW + 7), true)).toEqual({ start: 7, end: WINDOW + 7 });
    expect(window.wants).toBeNull();
  });

  it("begins with few again in another conversation", () => {
    const window = new MessageWindow();
    window.update(list(500), true);
    grown(window);
    expect(window.update(list(300, 9_000), true)).toEqual({ start: 300 - FIRST, end: 300 });
    expect(window.wants).toBe("above");
  });
});

describe("while somebody reads further up", () => {
  it("nothing leaves, and a page more comes in steps", () => {
    const window = new MessageWindow();
    window.update(list(1_000), true);
    grown(window);
    expect(window.update(list(1_010), false)).toEqual({ start: 800, end: 1_010 });
    expect(window.wants).toBeNull();
    window.widen();
    expect(window.update(list(1_010), false)).toEqual({ start: 800 - STEP, end: 1_010 });
    grown(window);
    expect(window.update(list(1_010), false)).toEqual({ start: 600, end: 1_010 });
    expect(window.update(list(1_010), true)).toEqual({ start: 1_010 - WINDOW, end: 1_010 });
  });

  it("draws earlier messages that were asked for, when they come", () => {
    const window = new MessageWindow();
    window.update(list(50, 1_000), true);
    grown(window);
    window.widen();
    expect(window.update(list(50, 1_000), false)).toEqual({ start: 0, end: 50 });
    const more = list(100, 950);
    expect(window.update(more, false)).toEqual({ start: 50, end: 100 });
    grown(window);
    expect(window.update(more, false)).toEqual({ start: 0, end: 100 });
  });
});

describe("a jump", () => {
  it("draws what is around its target, then half a page on both sides", () => {
    const window = new MessageWindow();
    const messages = list(10_000);
    window.update(messages, true);
    grown(window);
    window.include(4_000);
    const first = window.update(messages, false);
    expect(first).toEqual({ start: 4_000 - FIRST / 2, end: 4_000 + FIRST / 2 });
    grown(window);
    const { start, end } = window.update(messages, false);
    expect(4_000 - start).toBeGreaterThanOrEqual(WINDOW / 2);
    expect(end - 4_000).toBeGreaterThanOrEqual(WINDOW / 2);
    expect(end - start).toBeLessThan(WINDOW + 4 * STEP);
    // What comes meanwhile is not drawn, and what was drawn stays.
    expect(window.update(list(10_001), false)).toEqual({ start, end });
  });

  it("changes nothing where the target is drawn", () => {
    const window = new MessageWindow();
    window.update(list(100), true);
    window.include(99);
    expect(window.update(list(100), false)).toEqual({ start: 100 - FIRST, end: 100 });
  });

  it("goes on to the end as the person scrolls down, and follows there", () => {
    const window = new MessageWindow();
    const messages = list(1_000);
    window.update(messages, true);
    window.include(500);
    window.update(messages, false);
    for (let end = 0; end < 1_000; ) {
      window.grow("below");
      ({ end } = window.update(messages, false));
    }
    expect(window.update(list(1_001), false).end).toBe(1_001);
  });

  it("goes back to the newest at once", () => {
    const window = new MessageWindow();
    const messages = list(1_000);
    window.update(messages, true);
    window.include(0);
    expect(window.update(messages, false)).toEqual({ start: 0, end: FIRST / 2 });
    expect(window.update(messages, true)).toEqual({ start: 1_000 - FIRST, end: 1_000 });
  });
});
