// What is taken from a person: nothing after they have left, and nothing while they are muted.
import { type Signal, signal } from "@preact/signals";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createLocalMedia } from "../../src/calls/local-media";
import { type CallSession, createCallSession } from "../../src/calls/session";
import { createSettings } from "../../src/composing/browser-storage";
import type { Call, CallPeer, CallSignal } from "../../src/contract";
import { calls } from "../../src/texts/en/calls";
import { addTexts } from "../../src/texts/texts";
import { FakeClock, settled } from "../support/fake-clock";

addTexts(calls);

class FakeTrack {
  enabled = true;
  contentHint = "";
  onended: (() => void) | null = null;
  readyState = "live";
  stop(): void {
    this.readyState = "ended";
  }
}

let asked: ((track: FakeTrack) => void)[];

/** Answers the oldest question for a device, as the person who is asked by the browser does. */
async function allow(): Promise<FakeTrack> {
  const track = new FakeTrack();
  asked.shift()?.(track);
  for (let turn = 0; turn < 3; turn += 1) await settled();
  return track;
}

beforeEach(() => {
  asked = [];
  const ask = (): Promise<object> =>
    new Promise((resolve) => {
      asked.push((track) => {
        const tracks = (): FakeTrack[] => [track];
        resolve({ getTracks: tracks, getAudioTracks: tracks, getVideoTracks: tracks });
      });
    });
  vi.stubGlobal("addEventListener", () => {});
  vi.stubGlobal("navigator", {
    mediaDevices: {
      ...{ getUserMedia: ask, getDisplayMedia: ask, enumerateDevices: async () => [] },
      ...{ addEventListener() {}, removeEventListener() {} },
    },
  });
});
afterEach(() => vi.unstubAllGlobals());

function peer(peerId: string): CallPeer {
  const media = { audio: true, video: false, screen: false };
  return { peerId, userId: peerId, userName: peerId, joinedAt: "2026-01-01T00:00:00Z", media };
}

/** A session in a call of these others; `left` counts how often the hub was told that one has gone. */
function session(others: readonly string[] = [], left = vi.fn()): CallSession {
  const call: Call = {
    ...{
      callId: "c",
      conversationId: "team",
      startedAt: "2026-01-01T00:00:00Z",
      iceServers: [],
      iceTtl: null,
      sfu: null,
    },
    peers: others.map(peer),
  };
  return createCallSession({
    clock: new FakeClock(),
    lifetime: new AbortController().signal,
    place: {
      ...{ call: signal(call), connection: signal(null), place: signal("here"), onSignal() {} },
      signalling: () => ({
        ...{
          peerId: "me",
          join: async () => call,
          update: async () => {},
          signal: async () => {},
          alive() {},
        },
        leave: left,
      }),
    },
    async carrier() {
      if (others.includes("unreachable")) throw new Error("The server of the call is not reached.");
      return {
        ...{ remotes: signal(new Map()), thin: signal(false), hasRelay: true, setPeers() {}, setLocal() {} },
        ...{ receive() {}, point() {}, renew() {}, restart() {}, close() {} },
      };
    },
  });
}

it("who cannot reach what carries the call is not left in it", async () => {
  const left = vi.fn();
  const own = session(["unreachable"], left);
  await own.join({ audio: false, video: false });
  expect([left.mock.calls.length, own.phase.value, own.notice.value]).toEqual([
    ...[1, "out", calls["call.serverAway"]],
  ]);
});

it.each(["mute", "camera", "share"] as const)("what opens after one has left is closed: %s", async (act) => {
  const own = session();
  await own.join({ audio: false, video: false });
  if (act === "mute") void own.mute(false);
  else if (act === "camera") void own.camera(true);
  else void own.share("choose");
  own.leave();
  const track = await allow();
  expect(track.readyState).toBe("ended");
  expect(own.media.live.value).toBe(false);
  expect(own.heard.value).toBe(false);
});

it("a microphone that opens after one was muted again is not heard", async () => {
  const own = session();
  await own.join({ audio: false, video: false });
  void own.mute(false);
  void own.mute(true);
  const track = await allow();
  expect([track.enabled, own.heard.value]).toEqual([false, false]);
  await own.mute(false);
  expect([track.enabled, own.heard.value]).toEqual([true, true]);
});

it("who joins a crowd is muted, also with a microphone that was tried before", async () => {
  const own = session(["ada", "bo"]);
  void own.media.open("audio");
  const track = await allow();
  await own.join({ audio: true, video: false });
  expect([track.enabled, own.heard.value, own.notice.value]).toEqual([
    false,
    false,
    "You joined muted: others are talking already.",
  ]);
});

it("another microphone is as muted as the one before, from its first moment", async () => {
  const media = createLocalMedia(createSettings());
  void media.open("audio");
  (await allow()).enabled = false;
  const seen: boolean[] = [];
  media.tracks.audio.subscribe((track) => void (track && seen.push(track.enabled)));
  void media.choose("audio", "other");
  await allow();
  expect(seen).toEqual([false, false]);
});

interface Place {
  own: CallSession;
  clock: FakeClock;
  tell(told: CallSignal): void;
  joined: ((call: Call) => void)[];
  received: string[];
  renewed: Call[];
  call: Signal<Call | null>;
}

/** A session whose hub answers when the test says so. */
function slowPlace(): Place {
  const clock = new FakeClock();
  const listeners: ((told: CallSignal) => void)[] = [];
  const place: Omit<Place, "own"> = {
    ...{ clock, joined: [], received: [], renewed: [], call: signal(null) },
    tell: (told) => {
      for (const listener of listeners) listener(told);
    },
  };
  const own = createCallSession({
    clock,
    lifetime: new AbortController().signal,
    place: {
      ...{ call: place.call, connection: signal(null), place: signal("here") },
      onSignal: (listener) => listeners.push(listener),
      signalling: () => ({
        ...{ peerId: "me", update: async () => {}, signal: async () => {}, alive() {}, leave() {} },
        join: () => new Promise((resolve) => place.joined.push(resolve)),
      }),
    },
    async carrier() {
      return {
        ...{ remotes: signal(new Map()), thin: signal(false), hasRelay: true, setPeers() {}, setLocal() {} },
        receive: (from) => void place.received.push(from),
        renew: (now) => void place.renewed.push(now),
        ...{ point() {}, restart() {}, close() {} },
      };
    },
  });
  return { ...place, own };
}

const CALL: Call = {
  ...{ callId: "c", conversationId: "team", startedAt: "2026-01-01T00:00:00Z", peers: [], sfu: null },
  ...{ iceServers: [], iceTtl: 100 },
};

it("a signal that is faster than the word that one is in is not lost", async () => {
  const place = slowPlace();
  void place.own.join({ audio: false, video: false });
  place.tell({ fromPeerId: "ada", toPeerId: "me", signal: { description: {} } });
  place.tell({ fromPeerId: "ada", toPeerId: "another", signal: { description: {} } });
  place.joined[0]?.(CALL);
  for (let turn = 0; turn < 3; turn += 1) await settled();
  expect(place.received).toEqual(["ada"]);
});

it("where the hub's nodes agree on another call, one joins that one", async () => {
  const place = slowPlace();
  void place.own.join({ audio: false, video: false });
  place.joined[0]?.(CALL);
  for (let turn = 0; turn < 3; turn += 1) await settled();
  place.call.value = CALL;
  expect(place.joined).toHaveLength(1);
  place.call.value = { ...CALL, callId: "earlier" };
  place.joined[1]?.({ ...CALL, callId: "earlier" });
  for (let turn = 0; turn < 3; turn += 1) await settled();
  expect(place.renewed.map(({ callId }) => callId)).toEqual(["earlier"]);
});

it("credentials are renewed before they end, again and again, and not after one has left", async () => {
  const place = slowPlace();
  void place.own.join({ audio: false, video: false });
  place.joined[0]?.(CALL);
  for (let turn = 0; turn < 3; turn += 1) await settled();
  for (const round of [1, 2]) {
    place.clock.advance(76_000);
    const iceServers = [{ urls: ["turn:t"], username: `${round}:me`, credential: "x" }];
    place.joined[round]?.({ ...CALL, iceServers });
    for (let turn = 0; turn < 3; turn += 1) await settled();
    expect(place.renewed.at(-1)?.iceServers).toEqual(iceServers);
  }
  place.own.leave();
  place.clock.advance(200_000);
  expect(place.joined).toHaveLength(3);
});
