import { beforeEach, describe, expect, it } from "vitest";
import { createStore, type Store } from "../src/store";
import { answer, chatState, question, token } from "./support/chat";
import { FakeClock } from "./support/fake-clock";
import { FakeHost } from "./support/fake-host";

let host: FakeHost;
let clock: FakeClock;
let life: AbortController;
let store: Store;

beforeEach(() => {
  host = new FakeHost();
  clock = new FakeClock();
  life = new AbortController();
  store = createStore(host, life.signal, clock);
});

async function live(change = {}): Promise<void> {
  store.hello();
  host.push({ kind: "snapshot", n: 1, state: chatState(change) });
  await clock.paint();
}

describe("keeping up with the kernel", () => {
  it("says hello with its last n and shows the snapshot", async () => {
    await live({ messages: [question(1, "Hi")] });
    expect(host.sent).toEqual([{ kind: "hello", n: 0 }]);
    expect(store.chat.value?.messages).toHaveLength(1);
  });

  it("asks again when nobody answers, ever more slowly, and says that the kernel is silent", () => {
    store.hello();
    clock.advance(4_000);
    expect(store.kernelSilent.value).toBe(true);
    clock.advance(60_000);
    expect(host.all("hello").length).toBe(5);
    host.push({ kind: "snapshot", n: 1, state: chatState() });
    expect(store.kernelSilent.value).toBe(false);
    clock.advance(600_000);
    expect(host.all("hello").length).toBe(5);
  });

  it("says hello once at a gap", async () => {
    await live();
    host.push({ kind: "ops", n: 3, ops: [] });
    host.push({ kind: "ops", n: 4, ops: [] });
    expect(host.all("hello")).toEqual([
      { kind: "hello", n: 0 },
      { kind: "hello", n: 1 },
    ]);
  });

  it("says hello when the comm comes back", async () => {
    await live();
    host.emit("link");
    expect(host.all("hello")).toHaveLength(2);
  });

  it("ignores what is no message", async () => {
    await live();
    for (const junk of [null, 7, "x", {}, { kind: 1 }, { kind: "reply", requestId: "?", ok: true }]) {
      host.emit("message", junk);
    }
    expect(store.chat.value).not.toBeNull();
  });

  it("publishes once a frame, however many messages come", async () => {
    await live({ messages: [answer(1, "", { status: "streaming" })] });
    let renders = -1;
    const stop = store.chat.subscribe(() => {
      renders += 1;
    });
    for (let n = 2; n < 50; n += 1) host.push({ kind: "ops", n, ops: [token("a1", n - 2, "x")] });
    await clock.paint();
    expect(renders).toBe(1);
    expect(store.chat.value?.streams.a1?.text).toHaveLength(48);
    stop();
  });
});

describe("the text of an open answer", () => {
  const open = answer(1, "", { status: "streaming" });
  const burst = token("a1", 0, "x".repeat(300));

  it("grows over some frames", async () => {
    await live({ messages: [open] });
    host.push({ kind: "ops", n: 2, ops: [burst] });
    await clock.paint();
    const text = store.liveText("a1");
    const first = text.value.length;
    expect(first).toBeGreaterThan(0);
    expect(first).toBeLessThan(300);
    for (let frame = 0; frame < 30; frame += 1) await clock.paint();
    expect(text.value).toHaveLength(300);
    expect(clock.pending, "no frame is asked for when nothing is left to show").toBe(0);
  });

  it("is there at once in a snapshot", async () => {
    await live({ messages: [open], streams: { a1: { text: "x".repeat(300), metrics: null } } });
    expect(store.liveText("a1").value).toHaveLength(300);
  });

  it("is there at once for people who want no motion", async () => {
    clock.reduced = true;
    await live({ messages: [open] });
    host.push({ kind: "ops", n: 2, ops: [burst] });
    await clock.paint();
    expect(store.liveText("a1").value).toHaveLength(300);
  });
});

describe("what people do", () => {
  it("sends with a UUID that stays the same in a retry", async () => {
    await live();
    store.send("Hi");
    await clock.paint();
    const [first] = host.all("send");
    expect(store.outbox.value).toMatchObject([{ id: first?.id, state: "sending" }]);
    host.push({
      kind: "reply",
      requestId: first?.requestId ?? "",
      ok: false,
      error: { message: "Offline." },
    });
    await clock.paint();
    expect(store.outbox.value).toMatchObject([{ state: "failed", error: "Offline." }]);
    store.resend(first?.id ?? "");
    const [, second] = host.all("send");
    expect(second).toMatchObject({ id: first?.id, text: "Hi" });
    expect(second?.requestId).not.toBe(first?.requestId);
  });

  it("fails a message that the kernel never answers, or cannot get", async () => {
    await live();
    store.send("Hi");
    clock.advance(30_000);
    await clock.paint();
    expect(store.outbox.value).toMatchObject([{ state: "failed" }]);
    host.broken = true;
    store.send("Again");
    await clock.paint();
    expect(store.outbox.value[1]).toMatchObject({ state: "failed" });
    expect(store.kernelSilent.value).toBe(true);
  });

  it("stops an answer once and tells when that was refused", async () => {
    await live();
    store.stop("a1");
    store.stop("a1");
    const [stop, ...more] = host.all("stop");
    expect(more).toEqual([]);
    expect(store.stopping.value).toBe(true);
    host.push({
      kind: "reply",
      requestId: stop?.requestId ?? "",
      ok: false,
      error: { message: "Not yours." },
    });
    expect(store.stopping.value).toBe(false);
    expect(store.notice.value).toBe("Not yours.");
  });

  it("asks for what is before its first message, once at a time", async () => {
    await live({ messages: [question(7, "Hi")], hasMore: true });
    store.loadEarlier();
    store.loadEarlier();
    expect(host.all("history")).toMatchObject([{ beforeSeq: 7 }]);
    host.push({ kind: "reply", requestId: host.all("history")[0]?.requestId ?? "", ok: true });
    expect(store.loadingEarlier.value).toBe(false);
  });

  it("asks for nothing where there is nothing earlier", async () => {
    await live({ messages: [question(7, "Hi")] });
    store.loadEarlier();
    expect(host.all("history")).toEqual([]);
  });
});

it("leaves no listener, timer or frame behind", async () => {
  await live();
  store.typed();
  store.send("Hi");
  store.stop("a1");
  host.push({ kind: "ops", n: 9, ops: [] });
  expect(host.listeners).toBeGreaterThan(0);
  expect(clock.pending).toBeGreaterThan(0);
  life.abort();
  expect(host.listeners).toBe(0);
  expect(clock.pending).toBe(0);
});
