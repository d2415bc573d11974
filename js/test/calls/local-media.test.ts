// What can go wrong with a microphone, a camera or a screen: a plain line for each, with what to do.
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createLocalMedia, type LocalMedia } from "../../src/calls/local-media";
import { createSettings } from "../../src/composing/browser-storage";
import { calls } from "../../src/texts/en/calls";
import { capture } from "../../src/texts/en/capture";
import { addTexts } from "../../src/texts/texts";

addTexts({ ...calls, ...capture });

class FakeTrack {
  enabled = true;
  contentHint = "";
  onended: (() => void) | null = null;
  onmute: (() => void) | null = null;
  onunmute: (() => void) | null = null;
  stop(): void {}
}

/** What the browser answers next: a track, or why not. */
let answers: (FakeTrack | Error)[];
let media: LocalMedia;

beforeEach(() => {
  answers = [];
  const ask = async (): Promise<object> => {
    const answer = answers.shift() as FakeTrack | Error;
    if (answer instanceof Error) throw answer;
    const tracks = (): FakeTrack[] => [answer];
    return { getTracks: tracks, getAudioTracks: tracks, getVideoTracks: tracks };
  };
  vi.stubGlobal("navigator", {
    mediaDevices: {
      ...{ getUserMedia: ask, getDisplayMedia: ask, enumerateDevices: async () => [] },
      ...{ addEventListener() {}, removeEventListener() {} },
    },
  });
  media = createLocalMedia(createSettings());
});
afterEach(() => vi.unstubAllGlobals());

function refusal(name: string, message = ""): Error {
  return Object.assign(new Error(message), { name });
}

it.each([
  ["NotAllowedError", "Permission denied", "capture.denied.audio"],
  ["NotAllowedError", "Permission dismissed", "capture.denied.audio"],
  ["NotAllowedError", "Permission denied by system", "capture.denied.system"],
  ["NotFoundError", "Requested device not found", "capture.none.audio"],
  ["OverconstrainedError", "", "capture.none.audio"],
  ["NotReadableError", "Could not start audio source", "capture.busy.audio"],
  ["AbortError", "Starting audioinput failed", "capture.busy.audio"],
  ["TypeError", "", "capture.failed"],
] as const)("a microphone that is not opened (%s: %s) is told with the next step", async (name, why, key) => {
  answers = [refusal(name, why)];
  expect(await media.open("audio")).toBe(false);
  expect(media.problem.value).toBe(capture[key]);
  answers = [new FakeTrack()];
  expect(await media.open("audio")).toBe(true);
  expect(media.problem.value).toBe(null);
});

it("the microphone's line and the camera's stand beside each other, and each goes with its cause", async () => {
  answers = [refusal("NotAllowedError"), refusal("NotFoundError")];
  await Promise.all([media.open("audio"), media.open("video")]);
  expect(media.problem.value).toBe(`${capture["capture.denied.audio"]}\n${capture["capture.none.video"]}`);
  media.stop("video");
  expect(media.problem.value).toBe(capture["capture.denied.audio"]);
});

it.each([
  ["NotAllowedError", "Permission denied", null],
  ["NotAllowedError", "Permission denied by system", capture["capture.denied.system"]],
  ["NotAllowedError", "disallowed by permissions policy", capture["capture.denied.host"]],
  ["NotReadableError", "", capture["capture.failed"]],
])("a screen that is not shared (%s: %s) is told, unless nobody chose one", async (name, why, line) => {
  answers = [refusal(name, why)];
  await media.share("choose", () => {});
  expect(media.problem.value).toBe(line);
});

it.each(["audio", "video"] as const)("a device that is unplugged is told: %s", async (kind) => {
  const track = new FakeTrack();
  answers = [track];
  await media.open(kind);
  track.onended?.();
  expect([media.tracks[kind].value, media.problem.value]).toEqual([null, calls[`call.gone.${kind}`]]);
});

it.each(["audio", "video"] as const)(
  "a device that the system holds is told for so long: %s",
  async (kind) => {
    const track = new FakeTrack();
    answers = [track];
    await media.open(kind);
    track.onmute?.();
    expect(media.problem.value).toBe(calls[`call.silent.${kind}`]);
    track.onunmute?.();
    expect(media.problem.value).toBe(null);
  },
);

it("nothing is said of a device that is wanted no more", async () => {
  answers = [refusal("NotAllowedError")];
  const opening = media.open("video");
  media.stop("video");
  await opening;
  expect(media.problem.value).toBe(null);
});
