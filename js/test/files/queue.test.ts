// What of all files is under way at once: tokens and keys wait for no more than that.
import { describe, expect, it } from "vitest";
import { createQueue } from "../../src/files/attaching";

/** Work that ends when it is told to. */
function held(): { work: () => Promise<string>; end(): void; fail(): void; begun: boolean } {
  let settle = (_: boolean): void => {};
  const ended = new Promise<boolean>((resolve) => {
    settle = resolve;
  });
  const own = {
    begun: false,
    end: () => settle(true),
    fail: () => settle(false),
    async work(): Promise<string> {
      own.begun = true;
      if (!(await ended)) throw new Error("it fails");
      return "done";
    },
  };
  return own;
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
}

describe("a queue", () => {
  it.each(["end", "fail"] as const)(
    "gives the place of what comes to its %s to who waits longest",
    async (how) => {
      const queue = createQueue(2);
      const all = [held(), held(), held(), held()];
      const results = all.map(({ work }) => queue(work).catch((error: Error) => error.message));
      await turns();
      expect(all.map(({ begun }) => begun)).toEqual([true, true, false, false]);
      all[1]?.[how]();
      await turns();
      expect(all.map(({ begun }) => begun)).toEqual([true, true, true, false]);
      for (const each of all) each.end();
      expect(await Promise.all(results)).toEqual([
        "done",
        how === "end" ? "done" : "it fails",
        "done",
        "done",
      ]);
    },
  );

  it("lets nobody in past who waits, in whatever moment they come", async () => {
    for (let moment = 0; moment < 8; moment += 1) {
      const queue = createQueue(1);
      const [first, second, third] = [held(), held(), held()];
      void queue(first.work);
      void queue(second.work);
      await turns();
      first.end();
      for (let turn = 0; turn < moment; turn += 1) await Promise.resolve();
      void queue(third.work);
      await turns();
      expect([moment, second.begun, third.begun]).toEqual([moment, true, false]);
      second.end();
      await turns();
      expect([moment, third.begun]).toEqual([moment, true]);
    }
  });

  it("has all its places again once nobody waits", async () => {
    const queue = createQueue(2);
    for (let time = 0; time < 3; time += 1) {
      const all = [held(), held(), held()];
      const results = all.map(({ work }) => queue(work));
      await turns();
      expect(all.filter(({ begun }) => begun)).toHaveLength(2);
      for (const each of all) each.end();
      await Promise.all(results);
    }
  });
});
