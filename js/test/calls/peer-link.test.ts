// What is done when nothing moves: the same offer again, then another way, then another connection.
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createPeerLink, type PeerLink } from "../../src/calls/peer-link";
import type { CallSignal } from "../../src/contract";
import { FakeClock, settled } from "../support/fake-clock";

type Description = RTCSessionDescriptionInit & { id?: string; to?: string };

let made: FakeConnection[];

/** As much of a connection as says what was asked of it; negotiation is asked for as browsers do. */
class FakeConnection {
  connectionState = "new";
  iceConnectionState = "new";
  iceGatheringState = "complete";
  signalingState = "stable";
  localDescription: { type: string; sdp: string; toJSON(): object } | null = null;
  remoteDescription: Description | null = null;
  restarts = 0;
  candidates: RTCIceCandidateInit[] = [];
  configuration: RTCConfiguration;
  onnegotiationneeded: (() => void) | null = null;
  onconnectionstatechange: (() => void) | null = null;
  readonly print = `print-${made.length}`;

  constructor(configuration: RTCConfiguration) {
    this.configuration = configuration;
    made.push(this);
  }

  createDataChannel = (): object => ({ readyState: "connecting" });
  getTransceivers = (): object[] => [];
  addTransceiver(): void {}

  restartIce(): void {
    this.restarts += 1;
    queueMicrotask(() => this.onnegotiationneeded?.());
  }

  async setLocalDescription(): Promise<void> {
    const type = this.signalingState === "have-remote-offer" ? "answer" : "offer";
    const told = { type, sdp: `v=0\r\na=fingerprint:${this.print}\r\na=ice-ufrag:own\r\n` };
    this.localDescription = { ...told, toJSON: () => told };
    this.signalingState = type === "offer" ? "have-local-offer" : "stable";
  }

  async setRemoteDescription(told: Description): Promise<void> {
    this.remoteDescription = told;
    this.signalingState = told.type === "offer" ? "have-remote-offer" : "stable";
  }

  async addIceCandidate(candidate: RTCIceCandidateInit): Promise<void> {
    this.candidates.push(candidate);
  }

  setConfiguration(configuration: RTCConfiguration): void {
    this.configuration = configuration;
  }

  close(): void {
    this.connectionState = this.signalingState = "closed";
  }

  become(state: string): void {
    this.connectionState = state;
    this.onconnectionstatechange?.();
  }
}

let clock: FakeClock;
let sent: CallSignal["signal"][];

beforeEach(() => {
  made = [];
  sent = [];
  clock = new FakeClock();
  vi.stubGlobal("RTCPeerConnection", FakeConnection);
});
afterEach(() => vi.unstubAllGlobals());

function link(polite: boolean): PeerLink {
  return createPeerLink({
    ...{ peerId: "other", polite, iceServers: [], relayOnly: false, clock },
    local: { audio: null, video: null, screen: null },
    send: (told) => sent.push(told),
    pointed() {},
  });
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 8; turn += 1) {
    await settled();
    await clock.paint?.();
  }
}

async function pass(ms: number): Promise<void> {
  clock.advance(ms);
  await turns();
}

const descriptions = (): Description[] =>
  sent.flatMap(({ description }) => (description ? [description as Description] : []));
const offer = (print: string, id = print): CallSignal["signal"] => ({
  description: { type: "offer", sdp: `v=0\r\na=fingerprint:${print}\r\na=ice-ufrag:${print}\r\n`, id },
});
const answer = (to: string, ufrag = "there"): CallSignal["signal"] => ({
  description: { type: "answer", sdp: `v=0\r\na=fingerprint:there\r\na=ice-ufrag:${ufrag}\r\n`, to },
});

it("an offer without an answer is said again, word for word, ever more slowly", async () => {
  link(false);
  await turns();
  await pass(3_000);
  await pass(6_000);
  const said = descriptions();
  expect(said).toHaveLength(3);
  expect(new Set(said.map((each) => JSON.stringify(each))).size).toBe(1);
  expect(made).toHaveLength(1);
});

it("an answer to another offer than the present one is not taken", async () => {
  const own = link(false);
  await turns();
  own.receive(answer("an-older-one"));
  await turns();
  expect(made[0]?.remoteDescription).toBe(null);
  own.receive(answer(descriptions()[0]?.id ?? ""));
  await turns();
  expect(made[0]?.signalingState).toBe("stable");
});

it("a peer that names no offer in its answer is understood, too", async () => {
  const own = link(false);
  await turns();
  own.receive({ description: { type: "answer", sdp: "v=0" } });
  await turns();
  expect(made[0]?.signalingState).toBe("stable");
});

it("where no way is found another is looked for, and then a new connection is made", async () => {
  const own = link(false);
  await turns();
  own.receive(answer(descriptions()[0]?.id ?? ""));
  await turns();
  await pass(10_000);
  expect([made.length, made[0]?.restarts]).toEqual([1, 1]);
  own.receive(answer(descriptions().at(-1)?.id ?? ""));
  await turns();
  made[0]?.become("failed");
  await turns();
  await pass(0);
  made[0]?.become("failed");
  for (let at = 0; at < 4; at += 1) {
    own.receive(answer(descriptions().at(-1)?.id ?? ""));
    await pass(20_000);
  }
  expect(made.length).toBeGreaterThan(1);
  expect(made[0]?.connectionState).toBe("closed");
});

it("an offer that comes twice is answered twice, the same", async () => {
  const own = link(true);
  own.receive(offer("there"));
  await turns();
  own.receive(offer("there"));
  await turns();
  const said = descriptions();
  expect(said.map(({ type, to }) => [type, to])).toEqual([
    ["answer", "there"],
    ["answer", "there"],
  ]);
  expect(said[0]).toEqual(said[1]);
});

it("an offer of another certificate gets a connection without a past", async () => {
  const own = link(true);
  own.receive(offer("there"));
  await turns();
  made[0]?.become("connected");
  own.receive(offer("there", "again"));
  await turns();
  expect(made).toHaveLength(1);
  own.receive(offer("another"));
  await turns();
  expect(made.map(({ connectionState }) => connectionState)).toEqual(["closed", "new"]);
  expect(descriptions().at(-1)).toMatchObject({ type: "answer", to: "another" });
});

it("who is polite offers after a while, and yields with all of it to an offer that comes then", async () => {
  const own = link(true);
  await pass(10_000);
  expect(descriptions().map(({ type }) => type)).toEqual(["offer"]);
  own.receive(offer("there"));
  await turns();
  expect(made).toHaveLength(2);
  expect(descriptions().at(-1)).toMatchObject({ type: "answer", to: "there" });
});

it("who leads takes no offer while its own is open", async () => {
  const own = link(false);
  await turns();
  own.receive(offer("there"));
  await turns();
  expect(descriptions().map(({ type }) => type)).toEqual(["offer"]);
  expect(made[0]?.remoteDescription).toBe(null);
});

it("candidates wait for the description that they belong to", async () => {
  const own = link(true);
  const candidate = { candidate: "candidate:1", usernameFragment: "there" };
  own.receive({ candidate });
  await turns();
  expect(made[0]?.candidates).toEqual([]);
  own.receive(offer("there"));
  await turns();
  expect(made[0]?.candidates).toEqual([candidate]);
  own.receive({ candidate: { candidate: "candidate:2", usernameFragment: "older" } });
  await turns();
  expect(made[0]?.candidates).toEqual([candidate]);
});

it("fresh servers are taken, and nothing moves that needs none of them", async () => {
  const own = link(false);
  await turns();
  const iceServers = [{ urls: "turn:t", username: "2:ann", credential: "new" }];
  own.setServers(iceServers);
  expect(made[0]?.configuration.iceServers).toEqual(iceServers);
  expect(made[0]?.restarts).toBe(0);
});

it("nothing is done any more once it is closed", async () => {
  const own = link(false);
  await turns();
  own.close();
  const before = sent.length;
  await pass(60_000);
  expect([sent.length, clock.pending]).toEqual([before, 0]);
});
