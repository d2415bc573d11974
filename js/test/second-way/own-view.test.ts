import { beforeEach, describe, expect, it } from "vitest";
import { NoChatError } from "../../src/jupyter-server/server";
import type { ChatState } from "../../src/kernel/messages";
import { openWay } from "../../src/second-way/own-view";
import { type Core, createCore } from "../../src/store/core";
import { createKeeper } from "../../src/store/keeper";
import { secondWay as english } from "../../src/texts/en/second-way";
import { addTexts } from "../../src/texts/texts";
import { chatState } from "../support/chat";
import { FakeClock, settled } from "../support/fake-clock";
import { FakeHost } from "../support/fake-host";
import { FakeSocket } from "../support/fake-socket";

addTexts(english);

const BOB = { userId: "bob", userName: "Bob", canWrite: true, keepsSeen: true, static: "" };
/** The kernel is Ada's. */
const KERNELS = chatState({ epoch: "one", variables: true });

let host: FakeHost;
let clock: FakeClock;
let life: AbortController;
let sockets: FakeSocket[];
let asked: number;
let me: () => Promise<typeof BOB>;
let core: Core;

beforeEach(() => {
  [host, clock, life, sockets, asked] = [new FakeHost(), new FakeClock(), new AbortController(), [], 0];
  me = async () => BOB;
  host.status = "idle";
  const server = {
    me: () => {
      asked += 1;
      return me();
    },
    request: fetch,
    view(conversation: string) {
      const socket = new FakeSocket(conversation);
      sockets.push(socket);
      return socket as unknown as WebSocket;
    },
  };
  core = createCore(
    host,
    life.signal,
    clock,
    createKeeper(null),
    (shared) => void openWay(core, shared, server),
  );
  core.link.attach();
});

const socket = (): FakeSocket => sockets.at(-1) as FakeSocket;
const kernelSays = (state: Partial<ChatState> = {}): void =>
  host.push({ kind: "shared", n: 1, state: { ...KERNELS, ...state } });
const serverSays = (state: Partial<ChatState> = {}, n = 1): void =>
  socket().says({
    kind: "snapshot",
    n,
    state: chatState({ epoch: "one", self: { userId: "bob", userName: "Bob" }, ...state }),
  });
const shownAs = (): string | undefined => core.state().chat?.self.userId;
const toServer = (): string[] => sockets.flatMap(({ sent }) => sent).map(({ kind }) => kind);
const toKernel = (): string[] => host.sent.map(({ kind }) => kind);

async function isOwn(): Promise<void> {
  kernelSays();
  await settled();
  socket().opens();
  serverSays();
}

describe("the page of another than the kernel's user", () => {
  it("shows nothing as the kernel's, and then everything as its own", async () => {
    kernelSays();
    expect(core.state().chat).toBeNull();
    await settled();
    socket().opens();
    expect(core.state().chat).toBeNull();
    expect(socket().conversation).toBe("team");
    serverSays();
    expect(shownAs()).toBe("bob");
    expect(core.link.second.value?.words.value).toContain("as Bob");
    kernelSays();
    host.push({ kind: "ops", n: 2, ops: [{ op: "typing", userIds: ["ada"] }] });
    expect(shownAs()).toBe("bob");
    expect(core.state().chat?.typing).toEqual([]);
  });

  it("says everything to the server alone, and only asks the kernel for its variables", async () => {
    await isOwn();
    const before = toKernel().length;
    core.ask({ kind: "send", id: "m", text: "Hello" });
    core.link.tell({ kind: "typing", isTyping: true });
    core.ask({ kind: "variables", query: "" });
    expect(toServer().slice(-2)).toEqual(["send", "typing"]);
    expect(toKernel().slice(before)).toEqual(["variables"]);
    expect(core.state().chat?.variables).toBe(true);
  });

  it("takes the kernel's answer about variables", async () => {
    await isOwn();
    let told: unknown;
    core.ask({ kind: "variables", query: "" }, (reply) => {
      told = reply.ok && reply.result;
    });
    const [{ requestId = "" } = {}] = host.all("variables");
    host.push({ kind: "reply", requestId, ok: true, result: ["rows"] });
    expect(told).toEqual(["rows"]);
  });

  it("tells the kernel that somebody looks, so that the notebook keeps the conversation", async () => {
    await isOwn();
    host.sent.length = 0;
    host.push({ kind: "anybody" });
    expect(toKernel()).toEqual(["here"]);
  });

  it("goes on while the kernel is busy, and when it is gone", async () => {
    await isOwn();
    host.status = "gone";
    host.emit("link");
    expect(core.link.health.value).toBe("answering");
    core.ask({ kind: "send", id: "m", text: "Hello" });
    expect(toServer().at(-1)).toBe("send");
    serverSays({}, 2);
    expect(core.state().chat?.variables).toBe(false);
    expect(core.failure.value).toBeNull();
  });

  it("follows the cell into another conversation", async () => {
    await isOwn();
    kernelSays({ conversationId: "plans" });
    expect(socket().sent.at(-1)).toMatchObject({
      kind: "conversation",
      action: "open",
      conversationId: "plans",
    });
    kernelSays({ conversationId: "plans" });
    expect(toServer().filter((kind) => kind === "conversation")).toHaveLength(1);
  });

  it("connects again by itself, and says then what was asked meanwhile", async () => {
    await isOwn();
    socket().drops();
    expect(core.link.second.value?.carries.value).toBe(false);
    core.ask({ kind: "send", id: "m", text: "Hello" });
    clock.advance(2_000);
    socket().opens();
    expect(sockets).toHaveLength(2);
    expect(socket().sent.map(({ kind }) => kind)).toEqual(["send", "hello"]);
  });

  it("asks once however often the kernel says its state, and again when the server did not answer", async () => {
    me = async () => {
      throw new NoChatError("unreachable");
    };
    kernelSays();
    kernelSays();
    await settled();
    expect(asked).toBe(1);
    me = async () => BOB;
    clock.advance(2_000);
    await settled();
    expect(asked).toBe(2);
    expect(sockets).toHaveLength(1);
  });

  it("is shown nothing where they may not use the chat", async () => {
    me = async () => {
      throw new NoChatError("denied");
    };
    kernelSays();
    await settled();
    expect(core.state().chat).toBeNull();
    expect(core.link.second.value).toBeNull();
  });
});

describe("the kernel's own way", () => {
  const isKernels = (): void => {
    kernelSays();
    expect(shownAs()).toBe("ada");
    core.ask({ kind: "send", id: "m", text: "Hello" });
    expect(toKernel()).toContain("send");
  };

  it("remains where the page is the kernel's user's", async () => {
    me = async () => ({ ...BOB, userId: "ada" });
    kernelSays();
    await settled();
    isKernels();
    expect(sockets).toEqual([]);
  });

  it("remains where the server has no chat", async () => {
    me = async () => {
      throw new NoChatError("absent");
    };
    kernelSays();
    await settled();
    isKernels();
  });

  it("remains where the kernel uses another hub than the server", async () => {
    kernelSays();
    await settled();
    socket().opens();
    serverSays({ epoch: "two" });
    expect(socket().closed).toBe(true);
    isKernels();
  });
});
