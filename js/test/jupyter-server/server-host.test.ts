// @vitest-environment happy-dom
import { beforeEach, expect, it } from "vitest";
import type { Host } from "../../src/host";
import { serverHost } from "../../src/jupyter-server/server-host";
import { createStore } from "../../src/store";
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

function bytesOf(view: DataView): number[] {
  return [...new Uint8Array(view.buffer, view.byteOffset, view.byteLength)];
}
