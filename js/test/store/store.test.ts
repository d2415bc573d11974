import { beforeEach, describe, expect, it } from "vitest";
import { createKeeper, type Keeper } from "../../src/store/keeper";
import { createStore, type Store } from "../../src/store/store";
import { answer, chatState, question, token } from "../support/chat";
import { FakeClock } from "../support/fake-clock";
import { FakeHost } from "../support/fake-host";

let host: FakeHost;
let clock: FakeClock;
let life: AbortController;
let store: Store;
let memory: Map<string, string>;

/** A tab's storage that outlives the stores of a test. */
function keeper(): Keeper {
  return createKeeper({
    getItem: (key) => memory.get(key) ?? null,
    setItem: (key, value) => void memory.set(key, value),
    removeItem: (key) => void memory.delete(key),
  });
}

/** The page is loaded again: another store, the same tab. */
function reload(): void {
  life.abort();
  life = new AbortController();
  host = new FakeHost();
  store = createStore(host, life.signal, clock, keeper());
}

beforeEach(() => {
  host = new FakeHost();
  clock = new FakeClock();
  life = new AbortController();
  memory = new Map();
  store = createStore(host, life.signal, clock, keeper());
});

async function live(change = {}): Promise<void> {
  store.attach();
  host.push({ kind: "snapshot", n: 1, state: chatState(change) });
  await clock.paint();
}

describe("telling the kernel whether anybody looks", () => {
  it("says goodbye with the last view, and hello with the next", async () => {
    const views = [store.attach(), store.attach()];
    views[0]?.end();
    expect(host.all("bye")).toHaveLength(0);
    views[1]?.end();
    expect(host.all("bye")).toHaveLength(1);
    const before = host.all("hello").length;
    clock.advance(600_000);
    expect(host.all("hello")).toHaveLength(before);
    store.attach();
    expect(host.all("hello")).toHaveLength(before + 1);
  });

  it("answers whoever asks, as long as there is a view", () => {
    host.push({ kind: "anybody" });
    expect(host.all("here")).toHaveLength(0);
    store.attach();
    host.push({ kind: "anybody" });
    expect(host.all("here")).toHaveLength(1);
  });

  it("asks for nothing when the way to the kernel is back and nobody looks", () => {
    host.emit("link");
    expect(host.sent).toEqual([]);
  });
});

describe("keeping up with the kernel", () => {
  it("says hello with its last n and shows the snapshot", async () => {
    await live({ messages: [question(1, "Hi")] });
    expect(host.sent).toEqual([{ kind: "hello", n: 0 }]);
    expect(store.chat.value?.messages).toHaveLength(1);
  });

  it("asks again when nobody answers, ever more slowly, and says that the kernel is silent", () => {
    store.attach();
    clock.advance(4_000);
    expect(store.kernel.value).toBe("silent");
    clock.advance(60_000);
    expect(host.all("hello").length).toBe(5);
    host.push({ kind: "snapshot", n: 1, state: chatState() });
    expect(store.kernel.value).toBe("answering");
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

  it("says no hello because the kernel went to work or came from it", async () => {
    await live();
    for (const status of ["idle", "busy", "idle", "busy"] as const) {
      host.status = status;
      host.emit("link");
    }
    expect(host.all("hello"), "one, as its state became known").toHaveLength(2);
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
    expect(store.kernel.value).toBe("silent");
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

  it("tells whoever asks meanwhile what came, too", async () => {
    await live({ messages: [question(7, "Hi")], hasMore: true });
    const told: boolean[] = [];
    store.loadEarlier();
    store.loadEarlier((more) => told.push(more));
    expect(told).toEqual([]);
    host.push({ kind: "ops", n: 2, ops: [{ op: "history", messages: [question(3, "Ho")], hasMore: false }] });
    host.push({ kind: "reply", requestId: host.all("history")[0]?.requestId ?? "", ok: true });
    expect(told).toEqual([true]);
  });

  it("asks for nothing where there is nothing earlier", async () => {
    await live({ messages: [question(7, "Hi")] });
    store.loadEarlier();
    expect(host.all("history")).toEqual([]);
  });
});

/** Answers the newest request of a kind. */
function answerTo(kind: "ping" | "send" | "stop", refusal?: string): void {
  const requestId = host.all(kind).at(-1)?.requestId ?? "";
  host.push(
    refusal
      ? { kind: "reply", requestId, ok: false, error: { message: refusal } }
      : { kind: "reply", requestId, ok: true },
  );
}

const away = { state: "reconnecting" as const, attempt: 3, retryAt: null, message: "No hub." };

describe("what the view knows of the kernel", () => {
  it("believes the host that it was shut down or restarted, and somebody who speaks more than the host", async () => {
    await live();
    host.status = "restarted";
    host.emit("link");
    expect(store.kernel.value).toBe("restarted");
    host.status = "gone";
    host.emit("link");
    expect(store.kernel.value).toBe("gone");
    clock.advance(600_000);
    expect(host.all("hello"), "nobody is there to be asked").toHaveLength(1);
    store.send("Hi");
    await clock.paint();
    expect(store.outbox.value).toMatchObject([{ state: "failed" }]);
    expect(store.outbox.value[0]?.error).toContain("shut down");
    host.push({ kind: "snapshot", n: 5, state: chatState() });
    expect(store.kernel.value).toBe("answering");
  });

  it("says that the page is offline only when nobody answers: the kernel may be on this machine", async () => {
    await live();
    host.online = false;
    host.emit("link");
    expect(store.kernel.value).toBe("answering");
    host.push({ kind: "snapshot", n: 1, state: chatState() });
    clock.advance(5_000);
    expect(store.kernel.value).toBe("answering");
    host.emit("link");
    clock.advance(1_500);
    expect(store.kernel.value).toBe("offline");
    host.online = true;
    host.emit("link");
    host.push({ kind: "snapshot", n: 1, state: chatState() });
    expect(store.kernel.value).toBe("answering");
  });

  it("asks when somebody types after a silence, and takes a busy kernel for busy, not for gone", async () => {
    await live();
    store.typed();
    expect(host.all("ping"), "it was heard just now").toEqual([]);
    clock.advance(60_000);
    store.typed();
    expect(host.all("ping")).toHaveLength(1);
    answerTo("ping");
    clock.advance(60_000);
    expect(store.kernel.value).toBe("answering");
    store.typed();
    host.push({ kind: "ops", n: 2, ops: [] });
    clock.advance(4_000);
    expect(store.kernel.value, "it speaks, but does not hear").toBe("blocked");
    host.push({ kind: "snapshot", n: 2, state: chatState() });
    expect(store.kernel.value).toBe("answering");
    host.status = "busy";
    host.emit("link");
    clock.advance(4_000);
    expect(store.kernel.value, "the host knows that a cell runs").toBe("blocked");
  });

  it("does not blame the kernel for a hub that is away: the message waits", async () => {
    await live({ connection: away });
    store.send("Hi");
    for (let second = 0; second < 300; second += 1) {
      clock.advance(1_000);
      answerTo("ping");
    }
    await clock.paint();
    expect(store.outbox.value).toMatchObject([{ state: "sending" }]);
    answerTo("send", "The hub refused the token.");
    await clock.paint();
    expect(store.outbox.value).toMatchObject([{ state: "failed", error: "The hub refused the token." }]);
  });
});

describe("Stop without an answer", () => {
  const open = answer(1, "", { status: "streaming" });

  it("says after a second what does stop it: a cell keeps the kernel from listening", async () => {
    await live({ messages: [open] });
    store.stop("a1");
    expect(store.notice.value).toBeNull();
    clock.advance(1_000);
    expect(store.notice.value).toContain("Kernel → Interrupt");
    answerTo("stop");
    expect(store.notice.value).toBeNull();
  });

  it("names the hub when the kernel has heard it, and goes when the answer is over", async () => {
    await live({ messages: [open] });
    store.stop("a1");
    answerTo("ping");
    clock.advance(1_000);
    expect(store.notice.value).toBe("The hub has not answered yet.");
    host.push({ kind: "ops", n: 2, ops: [{ op: "connection", connection: away }] });
    await clock.paint();
    expect(store.notice.value).toBe("No hub.");
    host.push({ kind: "ops", n: 3, ops: [{ op: "message", message: answer(1, "Done.") }] });
    await clock.paint();
    expect(store.notice.value).toBeNull();
  });
});

describe("what was typed, after a reload", () => {
  it("is there again, until it is sent", async () => {
    await live();
    store.draft.value = "half a thou";
    reload();
    expect(store.draft.value).toBe("");
    await live();
    expect(store.draft.value).toBe("half a thou");
    store.draft.value = "";
    reload();
    await live();
    expect(store.draft.value).toBe("");
  });

  it("does not take the place of what is being typed", async () => {
    await live();
    store.draft.value = "old";
    reload();
    store.draft.value = "new";
    await live();
    expect(store.draft.value).toBe("new");
  });

  it("belongs to the conversation and the person", async () => {
    await live();
    store.draft.value = "for the team";
    reload();
    await live({ conversationId: "other" });
    expect(store.draft.value).toBe("");
    reload();
    await live({ self: { userId: "bo", userName: "Bo" } });
    expect(store.draft.value).toBe("");
  });

  it("is offered again under its id when it was not confirmed, and forgotten when it was", async () => {
    await live();
    store.send("Hello");
    const id = host.all("send")[0]?.id ?? "";
    answerTo("send", "Offline.");
    reload();
    await live();
    expect(store.outbox.value).toMatchObject([{ id, text: "Hello", state: "failed" }]);
    store.resend(id);
    expect(host.all("send")).toMatchObject([{ id, text: "Hello" }]);
    const message = { ...question(1, "Hello"), id };
    host.push({ kind: "ops", n: 2, ops: [{ op: "message", message }] });
    await clock.paint();
    expect(store.outbox.value).toEqual([]);
    reload();
    await live();
    expect(store.outbox.value).toEqual([]);
    expect([...memory.keys()]).toEqual([]);
  });

  it("keeps with it what it was sent with: where it continues, whom it answers", async () => {
    await live();
    const options = { parentId: "a1", replyTo: "q1", mentions: ["bo"], parameters: { temperature: 0 } };
    store.send("Hello", options);
    expect(host.all("send")).toMatchObject([{ text: "Hello", ...options }]);
    reload();
    await live();
    store.resend(store.outbox.value[0]?.id ?? "");
    expect(host.all("send")).toMatchObject([{ text: "Hello", ...options }]);
  });

  it("is not offered when the conversation has it, nor when it was discarded", async () => {
    await live();
    store.send("One");
    store.send("Two");
    const [one, two] = host.all("send").map(({ id }) => id);
    store.discard(two ?? "");
    reload();
    await live({ messages: [{ ...question(1, "One"), id: one ?? "" }] });
    expect(store.outbox.value).toEqual([]);
    expect([...memory.keys()]).toEqual([]);
  });

  it("asks no more of a storage that is denied", async () => {
    const deny = (): never => {
      throw new Error("denied");
    };
    life.abort();
    life = new AbortController();
    const denied = createKeeper({ getItem: deny, setItem: deny, removeItem: deny });
    store = createStore(host, life.signal, clock, denied);
    await live();
    store.draft.value = "still typed";
    store.send("still sent");
    await clock.paint();
    expect(store.outbox.value).toHaveLength(1);
  });
});

describe("without anybody to look", () => {
  const open = answer(1, "", { status: "streaming" });

  it("draws nothing without a view, and all of it when one comes", async () => {
    host.push({ kind: "snapshot", n: 1, state: chatState({ messages: [open] }) });
    host.push({ kind: "ops", n: 2, ops: [token("a1", 0, "x".repeat(300))] });
    expect(clock.pending).toBe(0);
    store.attach();
    await clock.paint();
    expect(store.liveText("a1").value).toHaveLength(300);
  });

  it("draws once a second while no view is in sight, and every frame again when one is", async () => {
    const view = store.attach();
    host.push({ kind: "snapshot", n: 1, state: chatState({ messages: [open] }) });
    await clock.paint();
    view.seen(false);
    let pictures = -1;
    const stop = store.chat.subscribe(() => {
      pictures += 1;
    });
    for (let n = 2; n < 62; n += 1) {
      host.push({ kind: "ops", n, ops: [token("a1", n - 2, "x")] });
      await clock.paint();
    }
    expect(pictures).toBeLessThanOrEqual(1);
    view.seen(true);
    await clock.paint();
    expect(pictures).toBeGreaterThan(0);
    expect(store.chat.value?.streams.a1?.text).toHaveLength(60);
    stop();
  });

  it("stops when the last view ends", async () => {
    const view = store.attach();
    host.push({ kind: "snapshot", n: 1, state: chatState({ messages: [open] }) });
    view.end();
    expect(clock.pending).toBe(0);
  });
});

it("keeps a message that the hub did not, whatever comes", async () => {
  const unstored = answer(3, "Read by everybody.", { status: "interrupted", unstored: "Read by" });
  await live({ messages: [question(1, "Q"), unstored] });
  host.push({ kind: "ops", n: 2, ops: [{ op: "message", message: question(4, "Next") }] });
  host.push({ kind: "snapshot", n: 3, state: chatState({ messages: [question(1, "Q"), unstored] }) });
  await clock.paint();
  expect(store.chat.value?.messages[1]).toEqual(unstored);
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
