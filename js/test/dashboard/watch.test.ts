import { describe, expect, it } from "vitest";
import type { Reading } from "../../src/dashboard/reading";
import { INTERVAL_MS, Watch } from "../../src/dashboard/watch";
import { FakeClock } from "../support/fake-clock";

describe("watch", () => {
  function watching(answers: Reading["kind"][], takesMs = 0) {
    const clock = new FakeClock();
    const seen: string[] = [];
    const page = { visible: true };
    const watch = new Watch({
      clock,
      visible: () => page.visible,
      read: async () => {
        const kind = answers.shift() ?? "unreachable";
        await null;
        clock.time += takesMs;
        return (kind === "key" ? { kind, status: 401 } : { kind, why: "" }) as Reading;
      },
      onReading: ({ kind }) => seen.push(kind),
      onPause: () => seen.push("pause"),
    });
    const pass = async (ms: number) => {
      clock.advance(ms);
      for (let turn = 0; turn < 10; turn++) await Promise.resolve();
    };
    return { watch, clock, seen, page, pass };
  }

  it("goes on when the hub does not answer", async () => {
    const { watch, seen, pass } = watching(["figures", "unreachable", "figures"]);
    watch.begin();
    await pass(0);
    await pass(INTERVAL_MS);
    await pass(INTERVAL_MS);
    expect(seen).toEqual(["figures", "unreachable", "figures"]);
  });

  it("leaves the hub a second after a slow answer", async () => {
    const { watch, seen, pass } = watching(["figures", "figures"], 1.5 * INTERVAL_MS);
    watch.begin();
    await pass(0);
    await pass(INTERVAL_MS / 2 - 1);
    expect(seen).toHaveLength(1);
    await pass(1);
    expect(seen).toHaveLength(2);
  });

  it("asks for nothing while hidden, and at once when shown again", async () => {
    const { watch, clock, seen, page, pass } = watching(["figures", "figures"]);
    watch.begin();
    await pass(0);
    page.visible = false;
    watch.visibilityChanged();
    expect(clock.pending).toBe(0);
    await pass(10 * INTERVAL_MS);
    page.visible = true;
    watch.visibilityChanged();
    await pass(0);
    expect(seen).toEqual(["figures", "pause", "figures"]);
  });

  it("waits for a key, however often the page is shown", async () => {
    const { watch, clock, seen, pass } = watching(["key", "figures"]);
    watch.begin();
    await pass(0);
    watch.visibilityChanged();
    expect(clock.pending).toBe(0);
    watch.begin();
    await pass(0);
    expect(seen).toEqual(["key", "figures"]);
  });
});
