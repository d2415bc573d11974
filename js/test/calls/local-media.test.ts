// What can go wrong with a microphone, a camera or a screen: a plain line for each, with what to do.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createLocalMedia, type LocalMedia } from "../../src/calls/local-media";
import { createSettings } from "../../src/composing/browser-storage";
import { calls } from "../../src/texts/en/calls";
import { capture } from "../../src/texts/en/capture";
import { addTexts } from "../../src/texts/texts";
import { device, FakeDevices } from "../support/call-page";
import { settled } from "../support/fake-clock";

addTexts({ ...calls, ...capture });

class FakeTrack {
  constructor(
    readonly label = "",
    readonly deviceId = "",
  ) {}
  enabled = true;
  stopped = false;
  contentHint = "";
  onended: (() => void) | null = null;
  onmute: (() => void) | null = null;
  onunmute: (() => void) | null = null;
  getSettings = (): object => ({ deviceId: this.deviceId });
  stop(): void {
    this.stopped = true;
  }
}

/** What the browser answers next: a track, or why not; then a device that is plugged in, as Chromium does. */
let answers: (FakeTrack | Error)[];
let media: LocalMedia;
let plugged: FakeDevices;
/** Which device was asked for, each time. */
let wished: unknown[];
let kept: Map<string, string>;
/** The tracks of the devices that are plugged in. */
let given: FakeTrack[];

const opened = (): LocalMedia =>
  createLocalMedia(
    createSettings({
      getItem: (name) => kept.get(name) ?? null,
      setItem: (name, value) => void kept.set(name, value),
      removeItem: (name) => void kept.delete(name),
    }),
  );

beforeEach(() => {
  [answers, wished, given, kept, plugged] = [[], [], [], new Map(), new FakeDevices()];
  const ask = async (asked: MediaStreamConstraints): Promise<object> => {
    const { audio, video } = asked as Record<string, { deviceId?: { exact?: string } }>;
    const id = (audio || video)?.deviceId;
    wished.push(id);
    const answer = answers.shift() ?? plug(audio ? "audioinput" : "videoinput", id?.exact);
    if (answer instanceof Error) throw answer;
    const tracks = (): FakeTrack[] => [answer];
    return { getTracks: tracks, getAudioTracks: tracks, getVideoTracks: tracks };
  };
  const mediaDevices = Object.assign(plugged, { getUserMedia: ask, getDisplayMedia: ask });
  vi.stubGlobal("navigator", { mediaDevices });
  media = opened();
});
afterEach(() => vi.unstubAllGlobals());

/** An exact wish is met or refused; any other one gets the first device, whichever would be `ideal`. */
function plug(kind: MediaDeviceKind, exact: string | undefined): FakeTrack | Error {
  const those = plugged.list.filter((each) => each.kind === kind);
  if (those.length === 0) return refusal("NotFoundError");
  const found = exact === undefined ? those[0] : those.find(({ deviceId }) => deviceId === exact);
  if (!found) return refusal("OverconstrainedError");
  const track = new FakeTrack(found.label, found.deviceId);
  given.push(track);
  return track;
}

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

it("a screen is told where the browser shares none", async () => {
  vi.stubGlobal("navigator", { mediaDevices: Object.assign(plugged, { getDisplayMedia: undefined }) });
  expect(await media.share("choose", () => {})).toBe(false);
  expect(media.problem.value).toBe(capture["capture.failed"]);
});

it.each(["audio", "video"] as const)("a device that is unplugged is told: %s", async (kind) => {
  const track = new FakeTrack();
  answers = [track];
  await media.open(kind);
  track.onended?.();
  await settled();
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

describe("which device", () => {
  const desk = device("audioinput", "d", "Desk");
  const headset = device("audioinput", "h", "Headset");
  const standIn = device("audioinput", "default", "Default - Desk");

  beforeEach(async () => {
    plugged.list = [standIn, desk, headset];
    await media.devices.look();
  });

  const track = (): FakeTrack => media.tracks.audio.value as unknown as FakeTrack;

  /** The browser ends a track; all that follows has happened. */
  async function ends(own: FakeTrack): Promise<void> {
    own.onended?.();
    for (let time = 0; time < 5; time += 1) await settled();
  }

  async function openHeadset(): Promise<FakeTrack> {
    await media.choose("audio", "h");
    const own = new FakeTrack("Headset", "h");
    answers = [own];
    await media.open("audio");
    return own;
  }

  it("is chosen in mid-call: it takes the place of the one before, muted as that was", async () => {
    const before = new FakeTrack("Default - Desk", "default");
    answers = [before, new FakeTrack("Headset", "h")];
    await media.open("audio");
    expect(media.devices.inUse("audio", track() as never)).toBe("");
    before.enabled = false;
    await media.choose("audio", "h");
    expect([wished, track().label, track().enabled, before.stopped]).toEqual([
      [undefined, { exact: "h" }],
      "Headset",
      false,
      true,
    ]);
    expect(media.devices.inUse("audio", track() as never)).toBe("h");
  });

  it("cannot be had: the one before stays, and it is not the one of the next call", async () => {
    await openHeadset();
    answers = [refusal("NotReadableError")];
    await media.choose("audio", "d");
    expect(media.problem.value).toBe(capture["capture.busy.audio"]);
    expect([track().label, media.devices.chosen.audio.value]).toEqual(["Headset", "h"]);
    expect(kept.get("conduit-widget:call-microphone")).toBe("h\nHeadset");
  });

  it("of two that are chosen quickly is the last one, whichever opens first", async () => {
    await openHeadset();
    const slow = new FakeTrack("Desk", "d");
    const late: (() => void)[] = [];
    const ask = navigator.mediaDevices.getUserMedia;
    navigator.mediaDevices.getUserMedia = () =>
      new Promise((resolve) => {
        const stream = { getTracks: () => [slow], getAudioTracks: () => [slow] };
        late.push(() => resolve(stream as unknown as MediaStream));
      });
    const first = media.choose("audio", "d");
    navigator.mediaDevices.getUserMedia = ask;
    answers = [new FakeTrack("Default - Desk", "default")];
    await media.choose("audio", "");
    late[0]?.();
    await first;
    expect([track().label, slow.stopped]).toEqual(["Default - Desk", true]);
    expect([media.devices.chosen.audio.value, kept.size]).toEqual(["", 0]);
  });

  const taken = (of: LocalMedia): string | undefined => of.tracks.audio.value?.label;

  it("is the same in the next call, though another one is the browser's choice", async () => {
    await openHeadset();
    media.close();
    const next = opened();
    await next.open("audio");
    expect([taken(next), given.length]).toEqual(["Headset", 1]);
    next.close();
  });

  it("is the same in the next call, by its name: its id may be another one", async () => {
    await openHeadset();
    media.close();
    const next = opened();
    plugged.list = [standIn, desk, device("audioinput", "other", "Headset")];
    await next.open("audio");
    expect(taken(next)).toBe("Headset");
    next.close();
  });

  it("is found by its name once one may know the names, and nothing else stays open", async () => {
    await openHeadset();
    media.close();
    const next = opened();
    const named = [standIn, desk, device("audioinput", "other", "Headset")];
    plugged.list = named;
    const look = plugged.enumerateDevices;
    plugged.enumerateDevices = async () => (given.length > 0 ? named : [device("audioinput", "", "")]);
    await next.open("audio");
    plugged.enumerateDevices = look;
    expect([taken(next), next.problem.value]).toEqual(["Headset", null]);
    expect(given.map(({ label, stopped }) => [label, stopped])).toEqual([
      ["Default - Desk", true],
      ["Headset", false],
    ]);
    next.close();
  });

  it("is not here: the browser's choice is taken, and the wish is kept", async () => {
    await openHeadset();
    media.close();
    const next = opened();
    plugged.list = [standIn, desk];
    plugged.enumerateDevices = async () => (given.length > 0 ? plugged.list : [device("audioinput", "", "")]);
    await next.open("audio");
    expect([taken(next), next.problem.value]).toEqual(["Default - Desk", null]);
    expect(kept.get("conduit-widget:call-microphone")).toBe("h\nHeadset");
    next.close();
  });

  it("is the one that was chosen before names were kept", async () => {
    kept.set("conduit-widget:call-microphone", "h");
    const next = opened();
    await next.open("audio");
    expect(taken(next)).toBe("Headset");
    next.close();
  });

  it("falls to the browser's choice when it is unplugged, says so, and is heard as before", async () => {
    const own = await openHeadset();
    answers = [new FakeTrack("Default - Desk", "default")];
    plugged.list = [standIn, desk];
    const ending = ends(own);
    expect(media.tracks.audio.value).not.toBeNull(); // nobody is told that one is muted
    await ending;
    expect([track().label, wished.at(-1)]).toEqual(["Default - Desk", undefined]);
    expect(media.problem.value).toBe(
      "“Headset” is not connected any more: your microphone is now “Default - Desk”.",
    );
    expect(media.devices.inUse("audio", track() as never)).toBe("");
    expect(kept.get("conduit-widget:call-microphone")).toBe("h\nHeadset"); // for the next call
    media.tell("device", null);
    expect(media.problem.value).toBeNull();
  });

  it("that was the system's is replaced, too: what stands for it has another name then", async () => {
    const own = new FakeTrack("Default - Desk", "default");
    answers = [own, new FakeTrack("Default - Headset", "default")];
    await media.open("audio");
    plugged.list = [device("audioinput", "default", "Default - Headset"), headset];
    await ends(own);
    expect(track().label).toBe("Default - Headset");
  });

  it.each([
    ["was the only one", []],
    ["is not allowed any more: the browser tells no names then", [device("audioinput", "", "")]],
    ["is still there", [standIn, desk, headset]],
  ])("that %s is told as ended, and nobody is asked for another one", async (_, left) => {
    const own = await openHeadset();
    const before = wished.length;
    plugged.list = left;
    await ends(own);
    expect([media.tracks.audio.value, media.problem.value]).toEqual([null, calls["call.gone.audio"]]);
    expect(wished).toHaveLength(before);
  });

  it("is told as ended where the one in its place cannot be had either", async () => {
    const own = await openHeadset();
    answers = [refusal("NotReadableError")];
    plugged.list = [standIn, desk];
    await ends(own);
    expect([media.tracks.audio.value, media.problem.value]).toEqual([null, calls["call.gone.audio"]]);
  });

  it("is not told as ended where another one is chosen while it is replaced", async () => {
    const own = await openHeadset();
    plugged.list = [standIn, desk];
    const ending = ends(own);
    await settled();
    await media.choose("audio", "d");
    await ending;
    expect([media.tracks.audio.value, media.problem.value]).toEqual([given.at(-1), null]);
  });

  it("is told of no more once it was stopped", async () => {
    const own = await openHeadset();
    plugged.list = [standIn, desk];
    const ending = ends(own);
    media.stop("audio");
    await ending;
    expect([media.tracks.audio.value, media.problem.value]).toEqual([null, null]);
  });
});

describe("a speaker", () => {
  const boxes = device("audiooutput", "b", "Boxes");
  const screen = device("audiooutput", "s", "Screen");

  it("that was chosen and is unplugged is told, and is the one again once it is back", async () => {
    plugged.become(boxes, screen);
    await settled();
    await media.choose("speaker", "s");
    expect(media.devices.chosen.speaker.value).toBe("s");
    plugged.become(boxes);
    await settled();
    expect([media.devices.chosen.speaker.value, media.problem.value]).toEqual([
      "",
      "“Screen” is not connected any more: you hear the others through the speaker that the browser chooses.",
    ]);
    plugged.become(boxes, screen);
    await settled();
    expect(media.devices.chosen.speaker.value).toBe("s");
    expect(kept.get("conduit-widget:call-speaker")).toBe("s\nScreen");
  });

  it("that nobody chose may come and go without a word", async () => {
    plugged.become(boxes, screen);
    await settled();
    plugged.become(screen);
    await settled();
    expect([media.devices.chosen.speaker.value, media.problem.value]).toEqual(["", null]);
  });
});
