import { beforeEach, describe, expect, it } from "vitest";
import type { ChatMessage, Op } from "../../src/contract";
import type { ViewMessage } from "../../src/kernel/messages";
import { UNDO_MS } from "../../src/store/deleting";
import { createKeeper, type Keeper } from "../../src/store/keeper";
import { createStore, type Store } from "../../src/store/store";
import { ADA, answer, chatState, question, token } from "../support/chat";
import { FakeClock } from "../support/fake-clock";
import { FakeHost } from "../support/fake-host";

let host: FakeHost;
let clock: FakeClock;
let life: AbortController;
let store: Store;
let memory: Map<string, string>;
let n: number;

function keeper(): Keeper {
  return createKeeper({
    getItem: (key) => memory.get(key) ?? null,
    setItem: (key, value) => void memory.set(key, value),
    removeItem: (key) => void memory.delete(key),
  });
}

function open(): void {
  host = new FakeHost();
  life = new AbortController();
  store = createStore(host, life.signal, clock, keeper());
}

beforeEach(() => {
  clock = new FakeClock();
  memory = new Map();
  open();
});

async function live(messages: ChatMessage[], change = {}): Promise<void> {
  store.attach();
  n = 1;
  host.push({ kind: "snapshot", n, state: chatState({ messages, ...change }) });
  await clock.paint();
}

async function ops(...list: Op[]): Promise<void> {
  n += 1;
  host.push({ kind: "ops", n, ops: list });
  await clock.paint();
}

function reply(kind: ViewMessage["kind"], refusal?: string): void {
  const asked = host.all(kind).at(-1);
  const requestId = asked && "requestId" in asked ? asked.requestId : "";
  const error = { message: refusal ?? "" };
  host.push(
    refusal
      ? { kind: "reply", requestId, ok: false, error }
      : { kind: "reply", requestId, ok: true, result: { id: "x", seq: 9, timestamp: "" } },
  );
}

const shown = (): string[] => store.branches.value.shown.map(({ id }) => id);
const TWO_ANSWERS = [
  question(1, "Q", ADA),
  { ...answer(2, "One"), parentId: "q1" },
  { ...answer(3, "Two"), parentId: "q1" },
];

describe("branches", () => {
  it("shows the newest, and the one that is chosen, also after a reload", async () => {
    await live(TWO_ANSWERS);
    expect(shown()).toEqual(["q1", "a3"]);
    store.chooseBranch("a3", 1);
    expect(shown(), "there is none after the last").toEqual(["q1", "a3"]);
    store.chooseBranch("a3", -1);
    expect(shown()).toEqual(["q1", "a2"]);
    life.abort();
    open();
    await live(TWO_ANSWERS);
    expect(shown()).toEqual(["q1", "a2"]);
  });

  it("names where a message continues only when that is not the newest, and chains what is on its way", async () => {
    await live(TWO_ANSWERS);
    store.send("From the newest");
    expect(host.all("send").at(-1)).not.toHaveProperty("parentId");
    store.discard(host.all("send").at(-1)?.id ?? "");
    store.chooseBranch("a3", -1);
    store.send("From the old one");
    expect(host.all("send").at(-1)).toMatchObject({ parentId: "a2" });
    store.send("And on");
    expect(host.all("send").at(-1)).toMatchObject({ parentId: host.all("send").at(-2)?.id });
    store.send("Elsewhere", { parentId: "q1" });
    expect(host.all("send").at(-1)).toMatchObject({ parentId: "q1" });
  });

  it("shows the branch of a message that is looked for", async () => {
    const deep = { ...question(4, "Deep"), parentId: "a2" };
    await live([...TWO_ANSWERS, deep, { ...question(5, "New"), parentId: "a3" }]);
    expect(shown()).toEqual(["q1", "a3", "q5"]);
    store.showBranchOf("q4");
    expect(shown()).toEqual(["q1", "a2", "q4"]);
    store.showBranchOf("nowhere");
    expect(shown()).toEqual(["q1", "a2", "q4"]);
  });

  it("follows a new answer that was asked for here, whatever was chosen before", async () => {
    await live(TWO_ANSWERS);
    store.chooseBranch("a3", -1);
    store.regenerate("a2", { provider: "p", model: "m" });
    store.regenerate("a2");
    expect(host.all("regenerate")).toMatchObject([{ messageId: "a2", provider: "p", model: "m" }]);
    expect(store.regenerating.value.has("a2")).toBe(true);
    reply("regenerate");
    expect(store.regenerating.value.has("a2")).toBe(false);
    await ops({ op: "message", message: { ...answer(4, "Three"), parentId: "q1" } });
    expect(shown()).toEqual(["q1", "a4"]);
  });
});

describe("acting on a message", () => {
  it("edits the last own message that is shown, and says why it was refused", async () => {
    const gone = { ...question(5, "", ADA), metadata: { seq: 5, deletedAt: "2026-01-01T00:00:00Z" } };
    await live([question(1, "Mine", ADA), question(2, "Bo's"), gone]);
    expect(store.editLast()).toBe(true);
    expect(store.editing.value).toBe("q1");
    const refused = store.edit("q1", "Other");
    expect(host.all("edit")).toMatchObject([{ messageId: "q1", text: "Other" }]);
    reply("edit", "Too late.");
    expect(await refused).toBe("Too late.");
    expect(store.editing.value, "the text is not lost").toBe("q1");
    const taken = store.edit("q1", "Other");
    reply("edit");
    expect(await taken).toBeNull();
    expect(store.editing.value).toBeNull();
  });

  it("has nothing to edit where nothing is one's own", async () => {
    await live([question(2, "Bo's")]);
    expect(store.editLast()).toBe(false);
    expect(store.editing.value).toBeNull();
  });

  it("reacts, and tells when that was refused", async () => {
    await live([question(2, "Bo's")]);
    store.react("q2", "👍", true);
    expect(host.all("react")).toMatchObject([{ messageId: "q2", emoji: "👍", on: true }]);
    reply("react", "Twenty kinds are the most.");
    expect(store.notice.value).toBe("Twenty kinds are the most.");
  });
});

describe("deleting", () => {
  const tombstone = { ...question(1, "", ADA), metadata: { seq: 1, deletedAt: "2026-01-01T00:00:00Z" } };

  it("waits a minute for a change of mind", async () => {
    await live([question(1, "Mine", ADA)]);
    store.remove("q1");
    store.remove("q1");
    expect(store.deleting.value.get("q1")).toBe(clock.now() + UNDO_MS);
    clock.advance(UNDO_MS - 1);
    expect(host.all("delete")).toEqual([]);
    store.undoRemove("q1");
    clock.advance(UNDO_MS);
    expect(host.all("delete")).toEqual([]);
    expect(store.deleting.value.size).toBe(0);
    expect(clock.pending).toBe(0);
  });

  it("is sent once, hidden until the conversation says so, and forgotten then", async () => {
    await live([question(1, "Mine", ADA)]);
    store.remove("q1");
    clock.advance(UNDO_MS);
    expect(host.all("delete")).toMatchObject([{ messageId: "q1" }]);
    store.undoRemove("q1");
    expect(store.deleting.value.get("q1"), "it is too late").toBe(0);
    reply("delete");
    expect(store.deleting.value.has("q1")).toBe(true);
    await ops({ op: "message", message: tombstone });
    expect(store.deleting.value.size).toBe(0);
    expect([...memory.keys()]).toEqual([]);
  });

  it("shows the message again, and why, when it was refused", async () => {
    await live([question(1, "Mine", ADA)]);
    store.remove("q1");
    clock.advance(UNDO_MS);
    reply("delete", "Only its author and the owner may.");
    expect(store.deleting.value.size).toBe(0);
    expect(store.notice.value).toBe("Only its author and the owner may.");
  });

  it("of a message that is not loaded any more is sent once more, and forgotten with the reply", async () => {
    await live([question(1, "Mine", ADA)]);
    store.remove("q1");
    clock.advance(UNDO_MS);
    life.abort();
    open();
    await live([question(9, "Newer", ADA)]);
    clock.advance(UNDO_MS);
    expect(host.all("delete")).toMatchObject([{ messageId: "q1" }]);
    reply("delete");
    expect(store.deleting.value.size).toBe(0);
    expect([...memory.keys()]).toEqual([]);
  });

  const queue = (reason: string | null = null): Op => ({
    op: "queue",
    queue: {
      ...{ count: 1, note: "", asOf: 1 },
      items: [
        {
          ...{ id: "x", kind: "delete", messageId: "q1", text: "", isCut: false, emoji: "", isOn: true },
          ...{ created: "", reason, attempted: false, files: [] },
        },
      ],
    },
  });
  const empty: Op = { op: "queue", queue: { count: 0, items: [], note: "", asOf: 1 } };

  it("that waits for the hub is the queue's: taken back there, the message is shown, also after a reload", async () => {
    await live([question(1, "Mine", ADA)]);
    store.remove("q1");
    clock.advance(UNDO_MS);
    reply("delete");
    await ops(queue());
    expect(store.deleting.value.get("q1")).toBe(0);
    expect([...memory.keys()], "nothing is left to be sent again").toEqual([]);
    await ops(empty);
    expect(store.deleting.value.size).toBe(0);
    life.abort();
    open();
    await live([question(1, "Mine", ADA)]);
    clock.advance(UNDO_MS);
    expect(host.all("delete")).toEqual([]);
    expect(store.deleting.value.size).toBe(0);
  });

  it("that waits for the hub hides the message in a view that comes later; refused, it hides nothing", async () => {
    await live([question(1, "Mine", ADA)], { queue: Object(queue()).queue });
    expect(store.deleting.value.get("q1")).toBe(0);
    await ops(queue("Only its author may."));
    expect(store.deleting.value.size).toBe(0);
  });

  it("is sent when the view goes, and again at the next start: nobody knows whether it was heard", async () => {
    await live([question(1, "Mine", ADA)]);
    store.remove("q1");
    clock.advance(20_000);
    life.abort();
    expect(host.all("delete")).toMatchObject([{ messageId: "q1" }]);
    open();
    await live([question(1, "Mine", ADA)]);
    expect(store.deleting.value.has("q1")).toBe(true);
    clock.advance(40_000);
    expect(host.all("delete")).toMatchObject([{ messageId: "q1" }]);
  });
});

describe("pause", () => {
  const streaming = answer(2, "", { status: "streaming" });

  it("stops the messages alone, counts what waits, and catches up at once", async () => {
    await live([question(1, "Q"), streaming], { streams: { a2: { text: "One two", metrics: null } } });
    store.pause();
    store.pause();
    await ops(token("a2", 7, " three four"), { op: "message", message: question(3, "Five six seven") });
    await ops({ op: "typing", userIds: ["bo"] });
    expect(store.liveText("a2").value).toBe("One two");
    expect(store.chat.value?.messages).toHaveLength(2);
    expect(store.select.typing.value, "the rest goes on").toEqual(["bo"]);
    clock.advance(1_000);
    expect(store.waiting.value).toEqual({ messages: 1, words: 5 });
    store.resume();
    await clock.paint();
    expect(store.liveText("a2").value).toBe("One two three four");
    expect(store.chat.value?.messages).toHaveLength(3);
    expect(store.waiting.value).toEqual({ messages: 0, words: 0 });
    expect(clock.pending).toBe(0);
  });

  it("counts the words of an answer that ended meanwhile, and none of an answer that only got its figures", async () => {
    await live([answer(1, "Old words"), streaming]);
    store.pause();
    await ops({ op: "message", message: answer(2, "All of it") });
    await ops({ op: "message", message: answer(1, "Old words", { tokensPerSecond: 3 }) });
    clock.advance(1_000);
    expect(store.waiting.value).toEqual({ messages: 0, words: 3 });
  });

  it("ends when one sends: whoever writes wants to see it", async () => {
    await live([question(1, "Q")]);
    store.pause();
    store.send("Hi");
    expect(store.paused.value).toBe(false);
  });
});

describe("how far one has read", () => {
  it("is told at once, then at most once a second, and only forward", async () => {
    await live([question(1, "Q")]);
    for (const seq of [1, 2, 3, 2, 0]) store.inView(seq);
    store.inView(Number.NEGATIVE_INFINITY);
    expect(host.all("read")).toEqual([{ kind: "read", seq: 1 }]);
    clock.advance(999);
    expect(host.all("read")).toHaveLength(1);
    clock.advance(1_001);
    expect(host.all("read").at(-1)).toEqual({ kind: "read", seq: 3 });
    clock.advance(10_000);
    expect(host.all("read")).toHaveLength(2);
    expect(clock.pending).toBe(0);
  });

  it("is remembered where one comes back, until one writes", async () => {
    await live([question(1, "Q"), question(2, "New")], { readMarks: { ada: 1, bo: 2 } });
    expect(store.unreadAfter.value).toBe(1);
    store.inView(2);
    expect(store.unreadAfter.value, "the line stays where it is").toBe(1);
    store.send("Hi");
    expect(store.unreadAfter.value).toBeNull();
  });

  it("is no line where nothing is new, or nothing is known", async () => {
    await live([question(1, "Q")], { readMarks: { ada: 1 } });
    expect(store.unreadAfter.value).toBeNull();
    open();
    await live([question(1, "Q")]);
    expect(store.unreadAfter.value).toBeNull();
  });
});

describe("bringing a message into view", () => {
  it("asks for what is around it where its position is known", async () => {
    await live([question(9, "Q")], { hasMore: true });
    store.show("q2", 2);
    expect(host.all("around")).toMatchObject([{ seq: 2 }]);
    n += 1;
    host.push({
      kind: "ops",
      n,
      ops: [{ op: "history", messages: [question(2, "There")], hasMore: true }],
    });
    reply("around");
    expect(store.target.value).toBe("q2");
    store.found();
    expect(store.target.value).toBeNull();
  });

  it("gives up where it is not", async () => {
    await live([question(9, "Q")]);
    store.show("q2", 2);
    reply("around");
    expect(store.target.value).toBeNull();
    store.show("q3");
    expect(store.target.value, "there is nothing earlier").toBeNull();
  });

  it("looks through the pages of history where nobody knows", async () => {
    await live([question(9, "Q")], { hasMore: true });
    store.show("q2");
    for (const seq of [5, 2]) {
      n += 1;
      host.push({
        kind: "ops",
        n,
        ops: [{ op: "history", messages: [question(seq, "Old")], hasMore: true }],
      });
      reply("history");
    }
    expect(host.all("history").map(({ beforeSeq }) => beforeSeq)).toEqual([9, 5]);
    expect(store.target.value).toBe("q2");
  });

  it("goes to the branch that it is in", async () => {
    await live(TWO_ANSWERS);
    store.show("a2");
    expect(shown()).toEqual(["q1", "a2"]);
  });
});

it("leaves no timer or listener behind", async () => {
  await live([question(1, "Mine", ADA)]);
  store.remove("q1");
  store.inView(1);
  store.pause();
  host.push({ kind: "ops", n: 2, ops: [{ op: "message", message: question(2, "More") }] });
  life.abort();
  expect(clock.pending).toBe(0);
  expect(host.listeners).toBe(0);
});
