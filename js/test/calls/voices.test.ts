// The voices of the others: each is played once, and nobody's any more who has gone.
import { type Signal, signal } from "@preact/signals";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Remote } from "../../src/calls/carrier";
import { createVoices, type Voices } from "../../src/calls/voices";
import { settled } from "../support/fake-clock";

class FakeAudio {
  srcObject: { tracks: unknown[] } | null = null;
  plays = 0;
  paused = true;
  sinkId = "";
  setSinkId = async (id: string): Promise<void> => {
    if (refused) throw Object.assign(new Error(), { name: refused });
    this.sinkId = id;
  };
  play = (): Promise<void> => {
    this.plays += 1;
    this.paused = false;
    return answer();
  };
  pause(): void {
    this.paused = true;
  }
  constructor() {
    made.push(this);
  }
}

let made: FakeAudio[];
let answer: () => Promise<void>;
let voices: Voices;
let speaker: Signal<string>;
let refusals: number;
/** Why the browser refuses a speaker; empty where it does not. */
let refused: string;
beforeEach(() => {
  [made, answer] = [[], async () => {}];
  vi.stubGlobal("Audio", FakeAudio);
  vi.stubGlobal(
    "MediaStream",
    class {
      constructor(readonly tracks: unknown[]) {}
    },
  );
  [speaker, refusals, refused] = [signal(""), 0, ""];
  voices = createVoices(speaker, () => {
    refusals += 1;
  });
});
afterEach(() => vi.unstubAllGlobals());

const refuses = (name: string) => (): Promise<void> => Promise.reject(Object.assign(new Error(), { name }));

/** Who is there, each with a voice by its name, or with none. */
function play(heard: Record<string, string | null>): void {
  const remotes = Object.entries(heard).map(([peerId, audio]) => [
    peerId,
    { tracks: signal({ audio, video: null, screen: null }) },
  ]);
  voices.play(new Map(remotes as [string, Remote][]));
}

const heard = (): unknown[] =>
  made.filter(({ paused }) => !paused).flatMap(({ srcObject }) => srcObject?.tracks ?? []);

describe("a voice", () => {
  it("is played once, however often one hears who is there", () => {
    for (let time = 0; time < 3; time += 1) play({ a: "A", b: "B" });
    expect([heard(), made.map(({ plays }) => plays)]).toEqual([
      ["A", "B"],
      [1, 1],
    ]);
  });

  it("of somebody without a microphone is none, until there is one", () => {
    play({ a: null });
    expect(made).toEqual([]);
    play({ a: "A" });
    expect(heard()).toEqual(["A"]);
  });

  it("that comes by another track takes the place of the one before", () => {
    play({ a: "A" });
    play({ a: "A2" });
    expect([heard(), made[0]?.srcObject]).toEqual([["A2"], null]);
  });

  it.each([
    ["left", {}],
    ["has no microphone any more", { a: null }],
  ])("of somebody who %s is let go", (_, now) => {
    play({ a: "A" });
    play(now);
    expect([heard(), made[0]?.srcObject]).toEqual([[], null]);
  });

  it("is nobody's any more at the end, and may begin again", () => {
    play({ a: "A", b: "B" });
    voices.clear();
    expect(heard()).toEqual([]);
    play({ a: "A" });
    expect(heard()).toEqual(["A"]);
  });
});

describe("where the browser wants a click first", () => {
  beforeEach(async () => {
    answer = refuses("NotAllowedError");
    play({ a: "A", b: "B" });
    await settled();
  });

  it("that is known, and a click plays everybody", async () => {
    expect(voices.blocked.value).toBe(true);
    answer = async () => {};
    voices.unblock();
    await settled();
    expect([voices.blocked.value, made.map(({ plays }) => plays)]).toEqual([false, [2, 2]]);
  });

  it("and does so even then, that is known again", async () => {
    voices.unblock();
    expect(voices.blocked.value).toBe(false);
    await settled();
    expect(voices.blocked.value).toBe(true);
  });

  it.each([
    ["everybody has left", () => play({})],
    ["it is over", () => voices.clear()],
  ])("nobody is asked for a click once %s", (_, ends) => {
    ends();
    expect(voices.blocked.value).toBe(false);
  });
});

it("nobody is asked for a click for who left meanwhile", async () => {
  answer = refuses("NotAllowedError");
  play({ a: "A" });
  play({});
  await settled();
  expect(voices.blocked.value).toBe(false);
});

it("a voice that is interrupted wants no click", async () => {
  answer = refuses("AbortError");
  play({ a: "A" });
  await settled();
  expect(voices.blocked.value).toBe(false);
});

describe("through a speaker that was chosen", () => {
  const sinks = (): string[] => made.map(({ sinkId }) => sinkId);

  it("everybody is heard, those who are heard already and those who come", async () => {
    play({ a: "A" });
    speaker.value = "headset";
    await settled();
    expect(sinks()).toEqual(["headset"]);
    play({ a: "A", b: "B" });
    await settled();
    expect(sinks()).toEqual(["headset", "headset"]);
    speaker.value = "";
    await settled();
    expect(sinks()).toEqual(["", ""]);
  });

  it("that cannot be used, that is said, and each of the others is heard as before", async () => {
    play({ a: "A" });
    refused = "NotAllowedError";
    speaker.value = "headset";
    await settled();
    expect([refusals, sinks(), heard()]).toEqual([1, [""], ["A"]]);
  });

  it("and another one at once, nothing is said of the first", async () => {
    play({ a: "A" });
    refused = "AbortError";
    speaker.value = "headset";
    await settled();
    expect(refusals).toBe(0);
  });

  it("a browser that has no such thing plays as ever", () => {
    play({ a: "A" });
    Object.assign(made[0] as FakeAudio, { sinkId: undefined, setSinkId: undefined });
    speaker.value = "headset";
    expect(heard()).toEqual(["A"]);
  });
});
