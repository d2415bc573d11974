// The microphone is open while somebody records, and never else.
import { signal } from "@preact/signals";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Store } from "../../src/store/store";
import { capture } from "../../src/texts/en/capture";
import { voice } from "../../src/texts/en/voice";
import { addTexts } from "../../src/texts/texts";
import { MOST_MS, type Recorder, recorderOf } from "../../src/voice/recorder";
import { FakeClock, settled } from "../support/fake-clock";
import { FakeRecorder } from "../support/fake-microphone";

addTexts({ ...capture, ...voice });

class FakeTrack {
  readyState = "live";
  onended: (() => void) | null = null;
  stop(): void {
    this.readyState = "ended";
  }
}

let answers: ((outcome: FakeTrack | string) => void)[];
let added: File[];
let clock: FakeClock;
let life: AbortController;
let recorder: Recorder;

beforeEach(() => {
  answers = [];
  added = [];
  clock = new FakeClock();
  life = new AbortController();
  vi.stubGlobal("navigator", {
    mediaDevices: {
      getUserMedia: () =>
        new Promise((resolve, reject) => {
          answers.push((outcome) => {
            if (typeof outcome === "string") reject(Object.assign(new Error(), { name: outcome }));
            else resolve({ getTracks: () => [outcome] });
          });
        }),
    },
  });
  vi.stubGlobal("MediaRecorder", FakeRecorder);
  vi.stubGlobal(
    "AudioContext",
    class {
      createAnalyser = (): object => ({ getFloatTimeDomainData() {} });
      createMediaStreamSource = (): object => ({ connect() {} });
      close = async (): Promise<void> => {};
    },
  );
  const attaching = { items: signal([]), add: (files: File[]) => added.push(...files) };
  recorder = recorderOf({
    ...{ clock, lifetime: life.signal, draft: signal("") },
    composing: { carried: signal(null), takeOptions: () => ({}) },
    chunks: { load: async () => ({ attachingOf: () => attaching }) },
  } as unknown as Store);
});
afterEach(() => vi.unstubAllGlobals());

async function answer(outcome: FakeTrack | string = new FakeTrack()): Promise<FakeTrack | string> {
  answers.shift()?.(outcome);
  await turns();
  return outcome;
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 6; turn += 1) await settled();
}

it("asks only when it is pressed, and is recorded while it is held", async () => {
  expect(answers).toHaveLength(0);
  recorder.press();
  expect(recorder.state.value).toBe("asking");
  const track = (await answer()) as FakeTrack;
  expect([recorder.state.value, track.readyState]).toEqual(["held", "live"]);
  clock.advance(2_000);
  recorder.release();
  await turns();
  expect([recorder.state.value, track.readyState, added.length]).toEqual(["idle", "ended", 1]);
  expect(added[0]?.name).toMatch(/^voice-[\d-]+\.webm$/);
});

it("a short press goes on until the next one", async () => {
  recorder.press();
  await answer();
  recorder.release();
  expect(recorder.state.value).toBe("open");
  clock.advance(2_000);
  recorder.press();
  recorder.release();
  await turns();
  expect([recorder.state.value, added.length, answers.length]).toEqual(["idle", 1, 0]);
});

it("who let go to allow it is recorded until the next press", async () => {
  recorder.press();
  recorder.release();
  await answer();
  expect(recorder.state.value).toBe("open");
});

it.each(["cancel", "the chat's end", "its last view"])(
  "%s forgets it and closes the microphone",
  async (how) => {
    const gone = recorder.attach();
    recorder.press();
    const track = (await answer()) as FakeTrack;
    clock.advance(2_000);
    if (how === "cancel") recorder.cancel();
    else if (how === "its last view") gone();
    else life.abort();
    await turns();
    expect([recorder.state.value, track.readyState, added.length]).toEqual(["idle", "ended", 0]);
  },
);

it("what is allowed after one has given up is closed at once", async () => {
  recorder.press();
  recorder.cancel();
  const track = (await answer()) as FakeTrack;
  expect([recorder.state.value, track.readyState]).toEqual(["idle", "ended"]);
});

it("too short a word is not sent, and that is said", async () => {
  recorder.press();
  await answer();
  clock.advance(450);
  recorder.release();
  await turns();
  expect([added.length, recorder.problem.value]).toEqual([0, voice["voice.tooShort"]]);
});

it("ends by itself, with what was said", async () => {
  recorder.press();
  const track = (await answer()) as FakeTrack;
  for (let at = 0; at <= MOST_MS; at += 100) clock.advance(100);
  await turns();
  expect([track.readyState, added.length]).toEqual(["ended", 1]);
});

it("says why it was not allowed, and asks again at the next press", async () => {
  recorder.press();
  await answer("NotAllowedError");
  expect([recorder.state.value, recorder.problem.value]).toEqual(["idle", capture["capture.denied.audio"]]);
  recorder.press();
  expect([answers.length, recorder.problem.value]).toEqual([1, null]);
});
