// The output of a notebook is looked at once a conversation rests, by whoever may write.
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { ChatState } from "../../src/kernel/messages";
import { type BringUpToDate, keptOutputs, watchRests } from "../../src/notebook/kept-transcripts";
import { answer, chatState, question } from "../support/chat";
import { FakeClock, settled } from "../support/fake-clock";

const LONGEST_MS = 14_000;

let clock: FakeClock;
let life: AbortController;
let chat: ChatState | null;
let output: BringUpToDate | undefined;
let written: number;

beforeEach(() => {
  [clock, life, written] = [new FakeClock(), new AbortController(), 0];
  chat = chatState({ messages: [question(1, "Hi"), answer(2, "Hello")] });
  output = async (ask) => {
    await ask();
    written += 1;
  };
});

const watched = (): (() => void) =>
  watchRests({
    ...{ clock, lifetime: life.signal, chat: () => chat, output: () => output },
    ask: async () => ({ "text/plain": "Chat" }),
  });
const rests = async (): Promise<void> => {
  clock.advance(LONGEST_MS);
  await settled();
};

describe("a conversation that rests", () => {
  it("is written once, however often it changed before, and not before six seconds", async () => {
    const changed = watched();
    for (let change = 0; change < 100; change += 1) {
      changed();
      clock.advance(1_000);
    }
    expect([written, clock.pending]).toEqual([0, 1]);
    await rests();
    expect([written, clock.pending]).toEqual([1, 0]);
  });

  it("is written by each page at a time of its own", () => {
    const random = vi.spyOn(Math, "random");
    const times = [0, 0.5, 0.999].map((at) => {
      random.mockReturnValue(at);
      const mine = new FakeClock();
      const ask = async () => ({});
      let ms = 0;
      const isWritten = vi.fn(async () => {});
      watchRests({
        ...{ clock: mine, lifetime: life.signal, ask, chat: () => chat, output: () => isWritten },
      })();
      for (; isWritten.mock.calls.length === 0 && ms <= LONGEST_MS; ms += 500) mine.advance(500);
      return ms;
    });
    expect(new Set(times).size).toBe(3);
    expect(Math.min(...times)).toBeGreaterThanOrEqual(6_000);
  });

  it.each([
    ["nothing is known of it", () => (chat = null)],
    ["one may only read", () => (chat = chatState({ readOnly: "You may read here." }))],
    [
      "an answer is on its way",
      () => (chat = chatState({ messages: [answer(1, "", { status: "streaming" })] })),
    ],
    ...(["connecting", "reconnecting", "removed"] as const).map(
      (state) =>
        [
          `the way is ${state}`,
          () => {
            chat = chatState({ connection: { state, attempt: 0, retryAt: null, message: null } });
          },
        ] as const,
    ),
    ["the notebook has no such output", () => (output = undefined)],
  ] as [string, () => unknown][])("is not written while %s", async (_, given) => {
    given();
    watched()();
    await rests();
    expect(written).toBe(0);
  });

  it("is looked at again at the next rest where it could not be written", async () => {
    const works = output;
    output = () => Promise.reject(new Error("The notebook is read-only."));
    const changed = watched();
    changed();
    await rests();
    output = works;
    changed();
    await rests();
    expect(written).toBe(1);
  });

  it("is not written after the end, whether it changed before or changes after", async () => {
    const changed = watched();
    changed();
    life.abort();
    expect(clock.pending).toBe(0);
    changed();
    await rests();
    expect([written, clock.pending]).toEqual([0, 0]);
  });
});

it("the outputs of a page are the same for whatever copies of this module it has", () => {
  const mine: BringUpToDate = async () => {};
  keptOutputs().set("conduit-0123456789ab", mine);
  const shared = (globalThis as unknown as Record<symbol, Map<string, BringUpToDate>>)[
    Symbol.for("conduit.kept")
  ];
  expect(shared?.get("conduit-0123456789ab")).toBe(mine);
  keptOutputs().delete("conduit-0123456789ab");
});
