// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, it } from "vitest";
import type { Host } from "../../src/host/host";
import { serverHost } from "../../src/jupyter-server/server-host";
import { createStore } from "../../src/store/store";
import { chatState, question } from "../support/chat";
import { FakeClock } from "../support/fake-clock";
import { FakeSocket } from "../support/fake-socket";

let clock: FakeClock;
let sockets: FakeSocket[];
let life: AbortController;

beforeEach(() => {
  clock = new FakeClock();
  sockets = [];
  life = new AbortController();
});

afterEach(() => life.abort());

const opened = (): Host =>
  serverHost({
    open: (conversation) => {
      const socket = new FakeSocket(conversation);
      sockets.push(socket);
      return socket as unknown as WebSocket;
    },
    conversation: "main",
    traits: { language: "de" },
    clock,
    lifetime: life.signal,
  });
const last = (): FakeSocket => sockets.at(-1) as FakeSocket;
const kinds = (socket: FakeSocket): string[] => socket.sent.map(({ kind }) => kind);

it("shows a conversation that the server sends, and tells it what people do", async () => {
  const store = createStore(opened(), life.signal, clock);
  store.attach();
  last().opens();
  expect(kinds(last())).toEqual(["hello"]);
  last().says({ kind: "snapshot", n: 1, state: chatState({ messages: [question(1, "Hello")] }) });
  await clock.paint();
  expect(store.chat.value?.messages[0]?.content).toBe("Hello");
  store.send("Hi");
  expect(last().sent.at(-1)).toMatchObject({ kind: "send", text: "Hi" });
});

it("goes on after a drop where the view was, and asks again what was not answered", () => {
  const host = opened();
  host.onLinkChange(() => host.send({ kind: "hello", n: 0 }), life.signal);
  last().opens();
  last().says({ kind: "snapshot", n: 1, state: { conversationId: "plans" } });
  host.send({ kind: "send", requestId: "r1", id: "m1", text: "Hi" });
  host.send({ kind: "regenerate", requestId: "r2", messageId: "m0" });
  host.send({ kind: "search", requestId: "r3", query: "x", options: {} });
  last().says({ kind: "reply", requestId: "r3", ok: true });
  expect(host.kernelStatus()).toBe("unknown");
  last().drops();
  expect(host.kernelStatus()).toBe("unreachable");
  host.send({ kind: "typing", isTyping: true });
  host.send({ kind: "send", requestId: "r4", id: "m2", text: "Still here" });
  expect(sockets).toHaveLength(1);
  clock.advance(1_000);
  expect(sockets).toHaveLength(2);
  expect(last().conversation).toBe("plans");
  last().opens();
  expect(host.kernelStatus()).toBe("unknown");
  expect(last().sent.map((each) => ("requestId" in each ? each.requestId : each.kind))).toEqual([
    ...["r1", "r4", "hello"],
  ]);
});

it("waits ever longer between attempts that fail, and tries at once when somebody asks", () => {
  const host = opened();
  const attempts = (ms: number): number => {
    const before = sockets.length;
    for (let passed = 0; passed < ms; passed += 500) {
      last().drops();
      clock.advance(500);
    }
    return sockets.length - before;
  };
  attempts(60_000);
  expect(attempts(60_000)).toBeLessThanOrEqual(6);
  let before = sockets.length;
  while (sockets.length === before) clock.advance(500);
  last().drops();
  clock.advance(1_000);
  before = sockets.length;
  host.send({ kind: "hello", n: 0 });
  expect(sockets).toHaveLength(before + 1);
});

it("takes a server that says nothing for one that is not there", async () => {
  const store = createStore(opened(), life.signal, clock);
  store.attach();
  last().opens();
  clock.advance(5_000);
  expect(store.kernel.value).toBe("unreachable");
  last().says({ kind: "snapshot", n: 1, state: chatState() });
  await clock.paint();
  expect(store.kernel.value).toBe("answering");
});

it("refuses what does not fit into its queue, and lets nothing go on after its life", () => {
  const host = opened();
  const ask = (id: number): void => host.send({ kind: "ping", requestId: String(id) });
  for (let id = 0; id < 200; id += 1) ask(id);
  expect(() => ask(200)).toThrow("not reached");
  life.abort();
  expect(last().closed).toBe(true);
  last().drops();
  clock.advance(60_000);
  expect(sockets).toHaveLength(1);
});

it("hands over binary parts, and ignores what is none of ours", () => {
  const heard: unknown[] = [];
  const host = opened();
  host.onMessage((value, buffers = []) => heard.push([value, ...buffers.map(bytesOf)]), life.signal);
  last().opens();
  last().saysWith({ kind: "reply" }, new Uint8Array([1, 2, 3]), new Uint8Array(), new Uint8Array([4]));
  last().onmessage?.({ data: "no JSON" });
  last().onmessage?.({ data: new Uint8Array([0, 0, 0, 9, 1]).buffer });
  expect(heard).toEqual([[{ kind: "reply" }, [1, 2, 3], [], [4]]]);
});

/** A connection on which the view was shown its state, and nothing is due. */
function inUse(): Host {
  const host = opened();
  host.onLinkChange(() => host.send({ kind: "hello", n: 0 }), life.signal);
  last().opens();
  last().says({ kind: "snapshot", n: 1, state: { conversationId: "plans" } });
  return host;
}

const pings = (socket: FakeSocket): number => kinds(socket).filter((kind) => kind === "ping").length;
const answersPing = (socket: FakeSocket): void => {
  const ping = socket.sent.findLast(({ kind }) => kind === "ping");
  socket.says({ kind: "reply", requestId: (ping as { requestId: string }).requestId, ok: true });
};

it("asks a connection on which nothing comes, and keeps one that answers", () => {
  inUse();
  for (let minute = 1; minute <= 20; minute += 1) {
    clock.advance(15_000);
    expect(pings(last())).toBe(minute);
    answersPing(last());
  }
  expect(sockets).toHaveLength(1);
});

it("replaces one that does not answer, asks again there, and hears nothing more of the old one", () => {
  const host = inUse();
  const heard: unknown[] = [];
  host.onMessage((message) => heard.push(message), life.signal);
  const [first] = sockets as [FakeSocket];
  clock.advance(16_000);
  host.send({ kind: "send", requestId: "r1", id: "m1", text: "Hi" });
  clock.advance(7_500);
  expect(first.closed).toBe(true);
  expect(sockets).toHaveLength(2);
  expect(last().conversation).toBe("plans");
  first.says({ kind: "ops", n: 2, ops: [] });
  first.drops();
  expect(heard).toEqual([]);
  expect(host.kernelStatus()).toBe("unreachable");
  last().opens();
  expect(host.kernelStatus()).toBe("unknown");
  expect(last().sent.map((each) => ("requestId" in each ? each.requestId : each.kind))).toEqual([
    ...["r1", "hello"],
  ]);
  clock.advance(1_000);
  expect(sockets).toHaveLength(2);
});

it("keeps one whose server waits for the hub", () => {
  const host = inUse();
  last().later = (act) => clock.after(1, act);
  host.send({ kind: "send", requestId: "r1", id: "m1", text: "Hi" });
  clock.advance(60_000);
  expect(sockets).toHaveLength(1);
  expect(host.kernelStatus()).toBe("unknown");
});

it.each([
  ["online", () => globalThis.dispatchEvent(new Event("online"))],
  ["pageshow", () => globalThis.dispatchEvent(new Event("pageshow"))],
  ["visibilitychange", () => document.dispatchEvent(new Event("visibilitychange"))],
  ["resume", () => document.dispatchEvent(new Event("resume"))],
])("asks soon at %s, and replaces what is silent then", (_, happens) => {
  inUse();
  clock.advance(5_000);
  happens();
  expect(pings(last())).toBe(1);
  answersPing(last());
  last().says({ kind: "snapshot", n: 2, state: { conversationId: "plans" } });
  clock.advance(5_000);
  expect(sockets).toHaveLength(1);
  happens();
  clock.advance(2_000);
  expect(sockets).toHaveLength(2);
});

it("replaces at once what was unheard for long when somebody comes back", () => {
  inUse();
  clock.time += 3_600_000; // no timer runs in a sleep
  document.dispatchEvent(new Event("visibilitychange"));
  expect(sockets).toHaveLength(2);
  // This one is still being opened: somebody who comes back waits for no try that hangs.
  clock.advance(500);
  document.dispatchEvent(new Event("visibilitychange"));
  expect(sockets).toHaveLength(2);
  clock.advance(2_000);
  document.dispatchEvent(new Event("visibilitychange"));
  expect(sockets).toHaveLength(3);
  expect(sockets[1]?.closed).toBe(true);
});

it("gives up a try that hangs, and goes on trying", () => {
  opened();
  const [first] = sockets as [FakeSocket];
  clock.advance(11_000);
  expect(first.closed).toBe(true);
  expect(sockets).toHaveLength(2);
});

it("keeps one that is busy with what was sent", () => {
  const host = inUse();
  last().bufferedAmount = 900_000;
  host.send({ kind: "filePiece", requestId: "p1" });
  for (; last().bufferedAmount > 0; last().bufferedAmount -= 100_000) clock.advance(7_000);
  expect(sockets).toHaveLength(1);
  clock.advance(30_000);
  expect(sockets.length).toBeGreaterThan(1);
});

it("waits ever longer for a server that takes connections and closes them", () => {
  opened();
  let tries = 0;
  for (let passed = 0; passed < 60_000; passed += 500) {
    if (!last().closed && tries < sockets.length) {
      tries = sockets.length;
      last().opens();
      last().drops();
    }
    clock.advance(500);
  }
  expect(tries).toBeLessThan(12);
});

function bytesOf(view: DataView): number[] {
  return [...new Uint8Array(view.buffer, view.byteOffset, view.byteLength)];
}
