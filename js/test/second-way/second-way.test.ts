import { beforeEach, describe, expect, it } from "vitest";
import type { KernelStatus } from "../../src/host/host";
import { NoChatError } from "../../src/jupyter-server/server";
import { createKernelLink, type KernelLink, type SecondWay } from "../../src/kernel/link";
import type { ChatState, Reply } from "../../src/kernel/messages";
import { secondWay } from "../../src/second-way/second-way";
import { createStore } from "../../src/store/store";
import { secondWay as english } from "../../src/texts/en/second-way";
import { addTexts } from "../../src/texts/texts";
import { chatState } from "../support/chat";
import { FakeClock, settled } from "../support/fake-clock";
import { FakeHost } from "../support/fake-host";
import { FakeSocket } from "../support/fake-socket";

addTexts(english);

const ME = { userId: "ada", userName: "Ada", canWrite: true, keepsSeen: true, static: "" };

let host: FakeHost;
let clock: FakeClock;
let life: AbortController;
let sockets: FakeSocket[];
let me: () => Promise<typeof ME>;
let chat: ChatState;
let link: KernelLink;
let way: SecondWay;

beforeEach(() => {
  [host, clock, life, sockets] = [new FakeHost(), new FakeClock(), new AbortController(), []];
  me = async () => ME;
  chat = chatState({ epoch: "one" });
  host.status = "busy";
  link = createKernelLink<ChatState>({
    host,
    clock,
    lifetime: life.signal,
    position: () => 0,
    heard: () => {},
    overdue: () => null,
  });
  const server = {
    request: async () => new Response(),
    me: () => me(),
    view(conversation: string) {
      const socket = new FakeSocket(conversation);
      socket.later = (act) => clock.after(1, act);
      sockets.push(socket);
      return socket as unknown as WebSocket;
    },
  };
  way = secondWay({ host, clock, lifetime: life.signal, link, state: () => ({ chat }) }, server);
  link.second.value = way;
});

const socket = (): FakeSocket => sockets.at(-1) as FakeSocket;
/** What the server's view was asked to do. */
const past = (): string[] =>
  sockets
    .flatMap(({ sent }) => sent)
    .filter(({ kind }) => kind !== "hello" && kind !== "ping")
    .map((message) => ("messageId" in message ? `${message.kind} ${message.messageId}` : message.kind));
/** What the kernel was asked to do. */
const toKernel = (): string[] => host.sent.map(({ kind }) => kind).filter((kind) => kind !== "ping");
const pong = (): void =>
  host.push({ kind: "reply", requestId: host.all("ping").at(-1)?.requestId ?? "", ok: true });

const send = (text: string, replies: Reply[] = []): void =>
  link.request({ kind: "send", id: text, text }, (reply) => replies.push(reply), `r-${text}`);
const react = (messageId: string, on: boolean): void =>
  link.request({ kind: "react", messageId, emoji: "👍", on }, () => {});
const regenerate = (messageId: string): void => link.request({ kind: "regenerate", messageId }, () => {});

async function opens(state: Partial<ChatState> = {}): Promise<void> {
  await settled();
  socket().opens();
  socket().says({ kind: "snapshot", n: 1, state: chatState({ epoch: "one", ...state }) });
}

const becomes = (status: KernelStatus): void => {
  host.status = status;
  host.emit("link");
};
const cellEnds = (): void => becomes("idle");

/** The kernel does not answer, and the session is there. */
async function isPast(): Promise<void> {
  send("first");
  clock.advance(150);
  await opens();
}

it("leaves a kernel that answers in time alone with it", () => {
  send("hello");
  react("m", true);
  expect(toKernel()).toEqual(["send"]);
  clock.advance(149);
  pong();
  expect(toKernel()).toEqual(["send", "react"]);
  clock.advance(10_000);
  expect(sockets).toEqual([]);
  expect(way.words.value).toBe(english["secondWay.kernel"]);
});

it("sends what is harmless twice past a kernel that does not answer, with the same ids, and takes one reply", async () => {
  const replies: Reply[] = [];
  send("hello", replies);
  clock.advance(150);
  expect(way.carries.value).toBe(false);
  await opens();
  expect(way.carries.value).toBe(true);
  expect(way.words.value).toBe(english["secondWay.hub"]);
  expect(socket().conversation).toBe("team");
  expect(socket().sent.at(-1)).toMatchObject({ kind: "send", requestId: "r-hello", id: "hello" });
  const reply = { kind: "reply", requestId: "r-hello", ok: true } as const;
  socket().says(reply);
  pong();
  host.push(reply);
  expect(replies).toHaveLength(1);
  cellEnds();
  expect(way.carries.value).toBe(false);
});

it("goes past at once while the kernel is known to be blocked, and not there as well", async () => {
  await isPast();
  send("second");
  link.tell({ kind: "typing", isTyping: true });
  link.request({ kind: "stop", messageId: "m" }, () => {});
  expect(past()).toEqual(["send", "send", "typing", "stop m"]);
  expect(toKernel()).toEqual(["send"]);
});

it("holds what must not be late or happen twice, and sends it one way", async () => {
  react("a", true);
  regenerate("b");
  react("a", false);
  expect(toKernel()).toEqual([]);
  clock.advance(150);
  await opens();
  expect(past()).toEqual(["react a", "regenerate b", "react a"]);
  pong();
  host.status = "unknown";
  regenerate("c");
  expect(toKernel()).toEqual([]);
  pong();
  expect(toKernel()).toEqual(["regenerate"]);
  expect(past()).toHaveLength(3);
});

it("gives what waits for the session to a kernel that listens again before it is there", async () => {
  regenerate("a");
  clock.advance(150);
  send("later");
  pong();
  expect(toKernel()).toEqual(["regenerate", "send"]);
  for (const { requestId } of [...host.all("regenerate"), ...host.all("send")])
    host.push({ kind: "reply", requestId, ok: true });
  await settled();
  clock.advance(10_000);
  expect(sockets).toEqual([]);
  expect(way.refusal.value).toBeNull();
});

it("asks again after a drop only what happens once however often it is asked", async () => {
  await isPast();
  regenerate("a");
  link.request({ kind: "stop", messageId: "m" }, () => {});
  socket().drops();
  clock.advance(1_000);
  expect(sockets).toHaveLength(2);
  socket().opens();
  expect(socket().sent.map(({ kind }) => kind)).toEqual(["send", "stop", "hello"]);
  expect(toKernel()).toEqual(["send"]);
});

it.each([
  ["somebody else", () => (me = async () => ({ ...ME, userId: "bo", userName: "Bo" })), "you are Bo"],
  ["who may only read", () => (me = async () => ({ ...ME, canWrite: false })), "not let you write"],
  ["without the extension", () => (me = () => Promise.reject(new NoChatError("absent"))), "no way past"],
])("sends nothing past the kernel for %s, and says why", async (_who, arrange, why) => {
  arrange();
  send("hello");
  regenerate("a");
  clock.advance(150);
  await settled();
  expect(sockets).toEqual([]);
  expect(toKernel()).toEqual(["send", "regenerate"]);
  expect(way.refusal.value).toContain(why);
  expect(way.words.value).toBe(way.refusal.value);
  send("second");
  expect(toKernel()).toEqual(["send", "regenerate", "send"]);
  pong();
  expect(way.refusal.value).toBeNull();
});

it.each([
  ["another hub", { epoch: "two" }, "different hubs"],
  ["somebody else there", { self: { userId: "bo", userName: "Bo" } }, "you are Bo"],
])("sends nothing to %s", async (_what, state, why) => {
  regenerate("a");
  clock.advance(150);
  await opens(state);
  expect(past()).toEqual([]);
  expect(socket().closed).toBe(true);
  expect(toKernel()).toEqual(["regenerate"]);
  expect(way.refusal.value).toContain(why);
});

it("waits for a hub that is not reached yet, and gives up after a while", async () => {
  regenerate("a");
  clock.advance(150);
  await opens({ epoch: "" });
  expect(way.refusal.value).toBeNull();
  clock.advance(5_000);
  expect(way.refusal.value).toContain("does not answer");
  expect(toKernel()).toEqual(["regenerate"]);
});

it("closes a session that nobody uses, and opens another for another conversation", async () => {
  await isPast();
  const [first] = sockets;
  clock.advance(60_000);
  expect(first?.closed).toBe(true);
  expect(way.carries.value).toBe(true);
  send("again");
  await opens();
  chat = chatState({ conversationId: "plans", epoch: "three" });
  send("there");
  await settled();
  expect(sockets.map(({ conversation }) => conversation)).toEqual(["team", "team", "plans"]);
  expect(past()).toEqual(["send", "send"]);
  await opens({ conversationId: "plans", epoch: "three" });
  expect(socket().sent.at(-1)).toMatchObject({ id: "there" });
});

it("is there before anybody needs it, where the view finds out that the kernel is blocked", async () => {
  link.attach();
  clock.advance(4_000);
  expect(link.health.value).toBe("blocked");
  clock.advance(150);
  await opens();
  expect(way.carries.value).toBe(true);
  expect(past()).toEqual([]);
});

it("is there before anybody needs it where a view is in sight while a cell runs, and then wins the race", async () => {
  becomes("idle");
  link.attach();
  becomes("busy");
  clock.advance(100);
  pong(); // on a subshell
  await opens();
  expect(way.words.value).toBe(english["secondWay.hub"]);
  send("hello");
  react("m", true);
  expect(past()).toEqual(["send", "react m"]);
  expect(toKernel()).toEqual(["hello", "send"]);
  clock.advance(300_000);
  expect(socket().closed).toBe(false);
  pong();
  cellEnds();
  expect(way.words.value).toBe(english["secondWay.kernel"]);
  react("n", true);
  expect(past()).toEqual(["send", "react m"]);
  clock.advance(60_000);
  expect(socket().closed).toBe(true);
});

it("waits for no answer of a kernel that is at work: what comes about first is taken", async () => {
  link.attach();
  send("hello");
  react("m", true);
  clock.advance(30);
  await opens();
  expect(past()).toEqual(["send", "react m"]);
  pong();
  expect(toKernel()).toEqual(["hello", "send"]);
});

it("knows that a cell runs whatever else the kernel answers meanwhile", async () => {
  becomes("idle");
  link.attach();
  host.publish("busy", "execute_request");
  clock.advance(100);
  for (const state of ["busy", "idle"] as const) host.publish(state, "comm_msg");
  pong();
  await opens();
  const { iopubMessage } = host.manager.context.sessionContext;
  iopubMessage.emit({ content: { name: "stdout", text: "printed" }, parent_header: {} });
  expect(way.carries.value).toBe(true);
  react("m", true);
  expect(past()).toEqual(["react m"]);
  host.publish("idle", "execute_request");
  expect(way.carries.value).toBe(false);

  host.publish("busy", "execute_request");
  host.publish("idle", "kernel_info_request"); // the cell's end was lost with the connection
  expect(way.carries.value).toBe(false);
  life.abort();
  expect(iopubMessage.slots.size).toBe(0);
});

it("takes a cell for running as soon as the page has sent it: its kernel says so later", async () => {
  becomes("idle");
  link.attach();
  host.asks("execute_request", "a");
  host.asks("comm_info_request", "b");
  clock.advance(100);
  await opens();
  expect(way.carries.value).toBe(true);
  react("m", true);
  expect(past()).toEqual(["react m"]);
  // Two cells were run at once: the first one's end is not the second's.
  host.asks("execute_request", "c");
  for (const state of ["busy", "idle"] as const) host.publish(state, "execute_request", "a");
  expect(way.carries.value).toBe(true);
  for (const state of ["busy", "idle"] as const) host.publish(state, "execute_request", "c");
  expect(way.carries.value).toBe(false);
  life.abort();
  expect(host.manager.context.sessionContext.session.anyMessage.slots.size).toBe(0);
});

it("is not opened for a short cell, nor where no view is in sight", async () => {
  becomes("idle");
  const view = link.attach();
  becomes("busy");
  clock.advance(99);
  cellEnds();
  view.seen(false);
  becomes("busy");
  clock.advance(2_000);
  await settled();
  expect(sockets).toEqual([]);
  view.seen(true);
  clock.advance(100);
  await settled();
  expect(sockets).toHaveLength(1);
});

it("says nothing of what hinders it where a subshell listens, and tries again at the next cell", async () => {
  let asked = 0;
  me = () => {
    asked += 1;
    return Promise.reject(new NoChatError("absent"));
  };
  link.attach();
  becomes("idle");
  for (const cell of [1, 2]) {
    becomes("busy");
    clock.advance(100);
    pong();
    await settled();
    expect(asked).toBe(cell);
    expect(way.refusal.value).toBeNull();
    expect(way.words.value).toBe(english["secondWay.kernel"]);
    react("m", true);
    expect(host.all("react")).toHaveLength(cell);
    cellEnds();
  }
});

it("tells the kernel whether its view is in sight, when that changes", () => {
  const view = link.attach();
  for (const inSight of [true, false, false, true]) view.seen(inSight);
  expect(host.all("sight").map(({ inSight }) => inSight)).toEqual([false, true]);
});

it("takes nothing where the kernel's comm is closed", () => {
  host.broken = true;
  expect(link.tell({ kind: "typing", isTyping: true })).toBe(false);
  clock.advance(1_000);
  expect(sockets).toEqual([]);
});

it("takes the end of typing both ways, once the kernel listens again", async () => {
  await isPast();
  link.tell({ kind: "typing", isTyping: true });
  pong();
  host.status = "idle";
  link.tell({ kind: "typing", isTyping: false });
  expect(past()).toEqual(["send", "typing", "typing"]);
  expect(toKernel()).toEqual(["send", "typing"]);
});

it("asks a kernel that is idle again once, and believes either answer", async () => {
  await isPast();
  host.status = "idle";
  for (let change = 0; change < 5; change += 1) host.emit("link");
  const [first, ...others] = host.all("ping").slice(-2);
  expect([host.all("ping").length, others.length]).toEqual([2, 1]);
  expect(way.carries.value).toBe(true);
  host.push({ kind: "reply", requestId: first?.requestId ?? "", ok: true });
  expect(way.carries.value).toBe(false);
});

it("ends with the kernel and with its life", async () => {
  await isPast();
  host.status = "gone";
  host.emit("link");
  expect(socket().closed).toBe(true);
  expect(way.carries.value).toBe(false);
  host.status = "busy";
  host.emit("link");
  react("a", true);
  life.abort();
  clock.advance(60_000);
  expect(sockets).toHaveLength(1);
});

it.each([
  ["a kernel's chat", true, ["second-way"]],
  ["a chat without a kernel", false, []],
])("is fetched for %s as soon as it is there", async (_what, variables, chunks) => {
  const store = createStore(host, life.signal, clock);
  store.attach();
  host.push({ kind: "snapshot", n: 1, state: chatState({ variables }) });
  await settled();
  expect(host.all("chunk").map(({ name }) => name)).toEqual(chunks);
});

describe("over HTTP", () => {
  it("the server is asked once it is known to speak for the same person in the same place", async () => {
    const first = way.reach();
    await opens();
    expect(await first).not.toBeNull();
    expect(socket().closed).toBe(true);
    expect(await way.reach()).toBe(await first);
    expect(sockets).toHaveLength(1);
  });

  it("nothing goes to the hub of somebody else, or to another one", async () => {
    const elsewhere = way.reach();
    await opens({ epoch: "two" });
    expect(await elsewhere).toBeNull();
    me = async () => ({ ...ME, userId: "eve" });
    chat = chatState({ epoch: "three" });
    expect(await way.reach()).toBeNull();
  });

  it("a server that was away is asked again", async () => {
    me = async () => Promise.reject(new NoChatError("unreachable"));
    expect(await way.reach()).toBeNull();
    me = async () => ME;
    const second = way.reach();
    await opens();
    expect(await second).not.toBeNull();
  });
});
