// @vitest-environment happy-dom
// The people in a call: who is seen large, who is heard, and how the way to each does.
import { render } from "preact";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { calls } from "../../../src/texts/en/calls";
import { Stage } from "../../../src/views/calls/stage";
import { CallPage } from "../../support/call-page";
import { effectsRun } from "../../support/effects";
import { FakeCall, fakeTrack, MEASURED, peer, remote } from "../../support/fake-call";

let call: FakeCall;
let page: CallPage;
let root: HTMLElement;
beforeEach(() => {
  page = new CallPage();
  root = page.root;
  call = new FakeCall();
});
afterEach(() => page.close());

const show = (): Promise<void> => page.show(<Stage session={call.session} people={[]} />);

const tile = (peerId: string): HTMLElement => {
  const found = root.querySelector<HTMLElement>(`[data-peer="${peerId}"]`);
  if (!found) throw new Error(`no tile of ${peerId}`);
  return found;
};
const caption = (peerId: string): string => tile(peerId).querySelector("figcaption")?.textContent ?? "";
const trouble = (peerId: string): string | undefined =>
  tile(peerId).querySelector(".tile-trouble")?.textContent;

describe("a tile", () => {
  it.each([
    ["Bo", "Bo"],
    ["ليلى", "\u2068ليلى\u2069"],
    ["__proto__", "__proto__"],
    ["<b>Bo</b>", "<b>Bo</b>"],
    ["Bo\u202eeve", "Boeve"],
  ])("names %j as a name may be shown", async (userName, shown) => {
    call.peers.value = [peer("p", userName)];
    await show();
    expect(tile("p").querySelector("bdi")?.textContent).toBe(shown);
    expect(tile("p").querySelector("b")).toBeNull();
  });

  it("of oneself says You, and muted as long as one is", async () => {
    call.peers.value = [peer("me", "Ada", { audio: true })];
    await show();
    expect(caption("me")).toBe("mutedYou");
    call.heard.value = true;
    await effectsRun();
    expect(caption("me")).toBe("You");
  });

  it("says who is muted, to those who do not see the sign as well", async () => {
    call.peers.value = [peer("p", "Bo", { audio: false })];
    await show();
    expect(tile("p").querySelector(".muted-sign .sr-only")?.textContent).toBe("muted");
  });

  it.each([
    [true, 0.5, true],
    [true, 0, false],
    [false, 0.5, false],
  ])("rings where somebody speaks: microphone %s, level %d", async (audio, level, rings) => {
    call.peers.value = [peer("p", "Bo", { audio })];
    call.speaking.value = { levels: new Map([["p", level]]), speaker: "p" };
    await show();
    expect(tile("p").classList.contains("speaks")).toBe(rings);
  });

  it.each([
    ["connecting", false, "Connecting…"],
    ["lost", false, "Connection lost; looking for a way…"],
    ["unreachable", true, "No way to them was found; still trying."],
    ["unreachable", false, calls["call.noRelay"]],
    ["connected", false, undefined],
  ])("says what is wrong with the way: %s, relay %s", async (state, relay, words) => {
    call.peers.value = [peer("p", "Bo")];
    call.remotes.value = new Map([["p", remote("p", { state, quality: MEASURED })]]);
    call.hasRelay.value = relay;
    await show();
    expect(trouble("p")).toBe(words);
    // What was measured of a way that is not there is nobody's concern.
    expect(tile("p").querySelector("small") === null).toBe(words !== undefined);
  });

  it.each([
    [null, undefined],
    [{ ...MEASURED, roundTrip: null }, undefined],
    [MEASURED, "42 ms · 2 % lost"],
    [{ ...MEASURED, loss: null }, "42 ms · 0 % lost"],
    [{ ...MEASURED, width: 640, height: 360 }, "42 ms · 2 % lost · 640×360"],
    [{ ...MEASURED, roundTrip: 1234, relayed: true }, "1,234 ms · 2 % lost · relayed"],
  ])("tells what was measured, and nothing before: %#", async (quality, words) => {
    call.peers.value = [peer("p", "Bo")];
    call.remotes.value = new Map([["p", remote("p", { quality })]]);
    await show();
    expect(tile("p").querySelector("small")?.textContent).toBe(words);
  });

  it.each([
    ["connecting", null, true, false],
    ["connected", null, true, true],
    ["lost", MEASURED, true, true],
    ["connected", null, false, false],
  ])("shows a picture once there is one: %s", async (state, quality, video, seen) => {
    call.peers.value = [peer("p", "Bo", { video })];
    const tracks = { audio: null, video: fakeTrack("v"), screen: null };
    call.remotes.value = new Map([["p", remote("p", { state, quality, tracks })]]);
    await show();
    const picture = tile("p").querySelector("video");
    expect(picture?.getAttribute("aria-label") ?? null).toBe(seen ? "Picture of Bo" : null);
  });

  it("shows oneself as in a mirror, and the others not", async () => {
    call.peers.value = [peer("me", "Ada"), peer("p", "Bo", { video: true })];
    call.media.tracks.video.value = fakeTrack("own");
    call.remotes.value = new Map([["p", remote("p", { tracks: { video: fakeTrack("v") } })]]);
    await show();
    const mirrored = ["me", "p"].map((id) => tile(id).querySelector("video")?.className ?? null);
    expect(mirrored).toEqual(["mirrored", ""]);
  });

  it("lets go of the picture with its view", async () => {
    call.peers.value = [peer("me", "Ada")];
    call.media.tracks.video.value = fakeTrack("own");
    await show();
    const video = tile("me").querySelector("video") as HTMLVideoElement;
    expect(video.srcObject).not.toBeNull();
    render(null, root);
    await effectsRun();
    expect(video.srcObject).toBeNull();
  });
});

describe("the speaker view", () => {
  const switchTo = async (label: string): Promise<void> => {
    root.querySelector<HTMLButtonElement>(`button[aria-label="${label}"]`)?.click();
    await effectsRun();
  };
  const large = (): string | undefined => root.querySelector<HTMLElement>(".tile.large")?.dataset.peer;

  beforeEach(async () => {
    call.peers.value = [peer("me", "Ada"), peer("p", "Bo"), peer("q", "Cy")];
    await show();
  });

  it("shows whoever spoke last large, the others in a strip, and everybody alike again", async () => {
    expect([large(), root.querySelector<HTMLElement>(".tiles")?.dataset.count]).toEqual([undefined, "3"]);
    call.speaking.value = { levels: new Map(), speaker: "q" };
    await switchTo("Speaker view");
    expect([large(), root.querySelectorAll(".tiles.strip .tile").length]).toEqual(["q", 2]);
    await switchTo("Everybody alike");
    expect(large()).toBeUndefined();
  });

  it.each([
    ["nobody spoke", null, "p"],
    ["the speaker has gone", "gone", "p"],
    ["one spoke oneself", "me", "me"],
  ])("is of somebody also where %s", async (_, speaker, shown) => {
    call.speaking.value = { levels: new Map(), speaker };
    await switchTo("Speaker view");
    expect(large()).toBe(shown);
  });

  it("of one alone, or of nobody yet, shows nobody large", async () => {
    await switchTo("Speaker view");
    for (const peers of [[peer("me", "Ada")], []]) {
      call.peers.value = peers;
      await effectsRun();
      expect(large()).toBeUndefined();
    }
  });
});

describe("what is said above the tiles", () => {
  it.each([
    ["what a device says first", { problem: "busy", notice: "muted", thin: true }, "busy"],
    ["then what happened in the call", { problem: null, notice: "muted", thin: true }, "muted"],
    ["then that the line is thin", { problem: null, notice: null, thin: true }, calls["call.thin"]],
    ["nothing else", { problem: null, notice: null, thin: false }, undefined],
  ])("is %s", async (_, { problem, notice, thin }, words) => {
    call.media.problem.value = problem;
    call.notice.value = notice;
    call.thin.value = thin;
    await show();
    const note = root.querySelector(".call-note");
    expect(note?.textContent).toBe(words);
    expect(note?.getAttribute("role")).toBe(words && "status");
  });

  it("lets one hear the others where the browser waits for a click", async () => {
    call.blocked.value = true;
    await show();
    const button = root.querySelector<HTMLButtonElement>("button.join");
    expect(button?.textContent).toBe("Let the others be heard");
    button?.click();
    expect(call.asked).toEqual([["unblock"]]);
  });
});
