// The hub's own page: its connection comes back, and with it one's place in the call.
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { type HubPlace, hubPlace } from "../../src/call-page/hub-place";
import type { Call } from "../../src/contract";
import { FakeClock, settled } from "../support/fake-clock";

const END = "\u001e";
const SEAT = { key: "seat_x", conversationId: "team", userId: "ann", userName: "Ann" };
const CALL: Call = {
  ...{ callId: "c", conversationId: "team", startedAt: "2026-01-01T00:00:00Z", peers: [], sfu: null },
  ...{ iceServers: [], iceTtl: null },
};
const MEDIA = { audio: true, video: false, screen: false };

interface Said {
  type?: number;
  target?: string;
  invocationId?: string;
  arguments?: unknown[];
  protocol?: string;
}

class HubSocket {
  readonly said: Said[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: (() => void) | null = null;

  constructor(readonly address: URL) {
    sockets.push(this);
  }

  send(data: string): void {
    for (const text of data.split(END)) if (text) this.said.push(JSON.parse(text));
  }

  close(): void {
    this.onclose?.();
  }

  says(...records: object[]): void {
    this.onmessage?.({ data: records.map((record) => JSON.stringify(record) + END).join("") });
  }

  opens(): void {
    this.onopen?.();
    this.says({});
  }

  asked(target: string): Said[] {
    return this.said.filter((each) => each.target === target);
  }

  answers(target: string, result: unknown): void {
    this.says({ type: 3, invocationId: this.asked(target).at(-1)?.invocationId, result });
  }
}

let sockets: HubSocket[];
let clock: FakeClock;
let place: HubPlace;

async function turns(): Promise<void> {
  for (let turn = 0; turn < 6; turn += 1) await settled();
}

beforeEach(() => {
  sockets = [];
  clock = new FakeClock();
  vi.stubGlobal("WebSocket", HubSocket);
  place = hubPlace(SEAT, new URL("https://site.example/chat/"), clock);
});
afterEach(() => {
  place.close();
  vi.unstubAllGlobals();
});

async function comeIn(socket: HubSocket | undefined, call: Call | null = CALL): Promise<void> {
  socket?.opens();
  await turns();
  socket?.answers("JoinConversation", { call, participants: [] });
  await turns();
}

it("connects with the key to the hub that it came from, and hears of the call", async () => {
  expect(String(sockets[0]?.address)).toBe("wss://site.example/chat/hubs/chat?access_token=seat_x");
  await comeIn(sockets[0]);
  expect([sockets[0]?.said[0]?.protocol, place.call.value, place.connection.value?.state]).toEqual([
    ...["json", CALL, "live"],
  ]);
  sockets[0]?.says({ type: 1, target: "CallUpdated", arguments: ["other", null] });
  expect(place.call.value).toEqual(CALL);
  sockets[0]?.says({ type: 1, target: "CallUpdated", arguments: ["team", null] });
  expect(place.call.value).toBe(null);
});

it("hands signals over until nobody listens", async () => {
  await comeIn(sockets[0]);
  const heard = vi.fn();
  const ends = new AbortController();
  place.onSignal(heard, ends.signal);
  const told = { type: 1, target: "Signal", arguments: ["team", "a", "b", { candidate: {} }] };
  sockets[0]?.says(told);
  expect(heard).toHaveBeenCalledWith({ fromPeerId: "a", toPeerId: "b", signal: { candidate: {} } });
  ends.abort();
  sockets[0]?.says(told);
  expect(heard).toHaveBeenCalledTimes(1);
});

it("a lost connection comes back, and puts one back into the call with what one sends", async () => {
  await comeIn(sockets[0]);
  const own = place.signalling();
  const joined = own.join(MEDIA);
  sockets[0]?.answers("JoinCall", CALL);
  await joined;
  sockets[0]?.close();
  expect(place.connection.value?.state).toBe("reconnecting");
  clock.advance(0);
  await comeIn(sockets[1]);
  expect(sockets[1]?.asked("JoinCall").map((each) => each.arguments)).toEqual([["team", own.peerId, MEDIA]]);
  sockets[1]?.answers("JoinCall", CALL);
  await turns();
  expect(place.connection.value?.state).toBe("live");
  own.leave();
  sockets[1]?.close();
  clock.advance(0);
  await comeIn(sockets[2]);
  expect(sockets[2]?.asked("JoinCall")).toEqual([]);
});

it("a page that joins before it is connected waits for its hub", async () => {
  const joined = place.signalling().join(MEDIA);
  await turns();
  sockets[0]?.opens();
  await turns();
  expect(sockets[0]?.asked("JoinCall")).toEqual([]);
  sockets[0]?.answers("JoinConversation", { call: null, participants: [] });
  await turns();
  sockets[0]?.answers("JoinCall", CALL);
  await expect(joined).resolves.toEqual(CALL);
});

it("who leaves before the page is connected does not join", async () => {
  const own = place.signalling();
  const joined = own.join(MEDIA);
  own.leave();
  await Promise.all([expect(joined).rejects.toThrow(), comeIn(sockets[0])]);
  expect(sockets[0]?.asked("JoinCall")).toEqual([]);
});

it("who leaves while the hub lets one in is out, also after the connection was made again", async () => {
  await comeIn(sockets[0]);
  const own = place.signalling();
  const joined = own.join(MEDIA);
  own.leave();
  sockets[0]?.answers("JoinCall", CALL);
  await joined;
  expect(sockets[0]?.said.at(-1)?.target).toBe("LeaveCall");
  sockets[0]?.close();
  clock.advance(0);
  await comeIn(sockets[1]);
  expect(sockets[1]?.asked("JoinCall")).toEqual([]);
});

it("a page that joins a hub which does not let it in is told why", async () => {
  const joined = place.signalling().join(MEDIA);
  sockets[0]?.opens();
  await turns();
  const { invocationId } = sockets[0]?.asked("JoinConversation").at(-1) ?? {};
  sockets[0]?.says({ type: 3, invocationId, error: "You are no member of this conversation." });
  await expect(joined).rejects.toThrow("no member");
});

it("what was asked of a connection that is lost is refused", async () => {
  await comeIn(sockets[0]);
  const refused = place.signalling().join(MEDIA);
  sockets[0]?.close();
  await expect(refused).rejects.toThrow("lost");
});

it("a hub that says nothing any more is left, and looked for again", async () => {
  await comeIn(sockets[0]);
  clock.advance(61_000);
  expect(sockets.length).toBeGreaterThan(1);
});

it("a hub that lets one in no more ends it, in words", async () => {
  await comeIn(sockets[0]);
  sockets[0]?.says({ type: 7, error: "Unauthorized" });
  expect([place.ended.value, place.connection.value?.state]).toEqual(["Unauthorized", "removed"]);
  clock.advance(100_000);
  expect([sockets.length, clock.pending]).toEqual([1, 0]);
});

it.each([
  ["asks to come in", "JoinConversation"],
  ["is put back into the call", "JoinCall"],
])("a connection that is lost while one %s is made again", async (_, target) => {
  await comeIn(sockets[0]);
  const joined = place.signalling().join(MEDIA);
  sockets[0]?.answers("JoinCall", CALL);
  await joined;
  sockets[0]?.close();
  clock.advance(0);
  sockets[1]?.opens();
  await turns();
  if (target === "JoinCall") sockets[1]?.answers("JoinConversation", { call: CALL });
  await turns();
  expect(sockets[1]?.asked(target)).toHaveLength(1);
  sockets[1]?.close();
  await turns();
  expect([place.ended.value, place.connection.value?.state]).toEqual([null, "reconnecting"]);
  clock.advance(60_000);
  await comeIn(sockets[2]);
  sockets[2]?.answers("JoinCall", CALL);
  await turns();
  expect(place.connection.value?.state).toBe("live");
});

it("who may not come in is told why, and asks no more", async () => {
  sockets[0]?.opens();
  await turns();
  const { invocationId } = sockets[0]?.asked("JoinConversation")[0] ?? {};
  sockets[0]?.says({ type: 3, invocationId, error: "You are not in this conversation." });
  await turns();
  expect([place.ended.value, place.connection.value?.state]).toEqual([
    ...["You are not in this conversation.", "removed"],
  ]);
  clock.advance(100_000);
  expect(sockets).toHaveLength(1);
});
