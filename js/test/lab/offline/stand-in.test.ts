// @vitest-environment happy-dom
import { until } from "../../support/until";
import "fake-indexeddb/auto";
import { beforeEach, expect, it, vi } from "vitest";
import type { Call } from "../../../src/contract";
import type { ChatState } from "../../../src/kernel/messages";
import { pageDatabase } from "../../../src/lab/offline/database";
import { chatState, question } from "../../support/chat";
import type { FakeClock } from "../../support/fake-clock";
import { panelPages } from "../../support/panel-pages";

const AWAY = { state: "connecting", attempt: 1, retryAt: null, message: "No answer from the hub." } as const;

const panel = panelPages();
const { page, last, connects, goes, returns, waiting, asked, takes } = panel;
let clock: FakeClock;

beforeEach(() => {
  clock = panel.clock;
});

it("keeps what is said while the server is away, and sends it in order when it is back", async () => {
  const store = page();
  await connects();
  const asOf = clock.now();
  await goes();
  expect(store.kernel.value).toBe("answering");
  expect(store.connection.value).toMatchObject({ state: "reconnecting" });
  expect(store.connection.value?.message).toContain("lost the Jupyter server");
  expect(store.chat.value).toMatchObject({ serverAway: true, queue: { asOf, count: 0 } });
  store.send("One");
  store.send("Two");
  await waiting(store, ["One", "Two"]);
  expect(store.outbox.value).toEqual([]);
  expect(store.chat.value?.messages).toHaveLength(1);

  await returns();
  expect(store.chat.value?.serverAway).toBe(false);
  expect(await takes(1)).toBe("One");
  expect(await takes(2)).toBe("Two");
  await until(async () => {
    await clock.paint();
    expect(store.select.queue.value?.items ?? []).toEqual([]);
  });
  expect(asked("send")).toHaveLength(2);
});

it("sends what another page of the browser has kept, once", async () => {
  const before = page();
  await connects();
  await goes();
  before.send("Typed before");
  await waiting(before, ["Typed before"]);
  panel.leave();

  const store = page();
  await connects();
  expect(await takes(1)).toBe("Typed before");
  await until(async () => {
    await clock.paint();
    expect(store.select.queue.value).toBeUndefined();
  });
});

it("sends what is typed before the queue was read behind what waits there", async () => {
  const before = page();
  await connects();
  await goes();
  before.send("Typed before");
  await waiting(before, ["Typed before"]);
  panel.leave();

  const store = page();
  await connects();
  store.send("Typed at once");
  store.send("And more");
  expect(await takes(1)).toBe("Typed before");
  expect(await takes(2)).toBe("Typed at once");
  expect(await takes(3)).toBe("And more");
});

it("sends what is said when the server is back behind what is still being written down", async () => {
  const store = page();
  await connects();
  store.send("Before"); // which is passed on when the queue was read
  expect(await takes(1)).toBe("Before");
  await goes();
  const database = await pageDatabase();
  const { store: others, done } = database?.transaction("waiting", "readwrite") ?? expect.fail("no database");
  let isHeld = true;
  const hold = async (): Promise<void> => {
    while (isHeld) await others.count(); // another page writes
  };
  const held = hold();
  store.send("One");
  await returns();
  store.send("Two");
  await clock.paint();
  isHeld = false;
  await Promise.all([held, done]);
  expect(await takes(1)).toBe("One");
  expect(await takes(2)).toBe("Two");
});

it("chats on where the browser keeps nothing, and says what to do with what waits", async () => {
  vi.stubGlobal("indexedDB", undefined);
  const store = page();
  await connects();
  store.send("Online");
  expect(await takes(1)).toBe("Online");
  await goes();
  store.send("Offline");
  await waiting(store, ["Offline"]);
  expect(store.select.queue.value?.note).toContain("leave the page open until");
  await returns();
  expect(await takes(1)).toBe("Offline");
});

it("asks again for what was on its way when the connection broke, under the same id", async () => {
  const store = page();
  await connects();
  store.send("On its way");
  await until(() => expect(asked("send")).toHaveLength(1));
  const [first] = asked("send");
  await goes();
  await waiting(store, ["On its way"]);
  expect(store.select.queue.value?.items[0]?.attempted).toBe(true);
  await returns();
  await until(() => expect(asked("send")).toHaveLength(1));
  expect(asked("send")[0]).toMatchObject({ id: Object(first).id, text: "On its way" });
});

it("takes what the server keeps for the hub for sent", async () => {
  const store = page();
  await connects();
  await goes();
  store.send("For the hub");
  await waiting(store, ["For the hub"]);
  await returns({ queue: { count: 0, items: [], note: "", asOf: 1 } });
  await until(() => expect(asked("send")).toHaveLength(1));
  const [item] = store.select.queue.value?.items ?? [];
  const queue = { count: 1, items: [item], note: "", asOf: 1 };
  last().says({ kind: "ops", n: 2, ops: [{ op: "queue", queue }] });
  await waiting(store, ["For the hub"]);
  store.send("After it");
  await until(() => expect(asked("send")).toHaveLength(2));
});

it("lets people change what waits, and says no to what only the server can do", async () => {
  const store = page();
  await connects();
  await goes();
  for (const words of ["One", "Two", "Three"]) store.send(words);
  await waiting(store, ["One", "Two", "Three"]);
  const id = (at: number): string => store.select.queue.value?.items[at]?.id ?? "";
  await store.ask({ kind: "queue", id: id(2), action: "move", to: 0 });
  await waiting(store, ["Three", "One", "Two"]);
  await store.ask({ kind: "queue", id: id(1), action: "edit", text: "Better" });
  await store.ask({ kind: "queue", id: id(2), action: "delete" });
  await waiting(store, ["Three", "Better"]);
  await expect(store.ask({ kind: "pinned" })).rejects.toThrow("lost the Jupyter server");
  expect(await store.edit("q1", "Other words")).toBeNull();
  store.react("q1", "👍", true);
  await waiting(store, ["Three", "Better", "Other words", ""]);
});

it("shows the conversations that were seen, as of when, and lets people go on in them", async () => {
  const store = page("plans");
  const list = ["plans", "team", "never"].map((conversationId) => ({ conversationId }));
  await connects({ conversationId: "plans", messages: [question(1, "The plan")] });
  const listed = store.ask({ kind: "conversations" });
  const { requestId } = Object(asked("conversations")[0]);
  last().says({ kind: "reply", requestId, ok: true, result: list });
  await listed;
  const opened = store.ask({ kind: "conversation", action: "open", conversationId: "team" });
  last().says({ kind: "reply", requestId: Object(asked("conversation")[0]).requestId, ok: true });
  await opened;
  const call = { callId: "c", peers: [] } as unknown as Call;
  last().says({ kind: "snapshot", n: 2, state: chatState({ messages: [question(1, "Hello")], call }) });
  await clock.paint();
  await goes();
  await until(async () => expect(await store.ask({ kind: "conversations" })).toEqual([list[0], list[1]]));
  await store.ask({ kind: "conversation", action: "open", conversationId: "plans" });
  await clock.paint();
  expect(store.chat.value).toMatchObject({
    ...{ conversationId: "plans", messages: [{ content: "The plan" }], call: null },
    ...{ serverAway: true, connection: { state: "reconnecting" } },
  });
  store.send("In the plans");
  await waiting(store, ["In the plans"]);
  await expect(store.ask({ kind: "conversation", action: "open", conversationId: "never" })).rejects.toThrow(
    "not seen here",
  );

  await returns(); // where the server was
  expect(asked("send")).toEqual([]);
  expect(asked("conversation")).toMatchObject([{ action: "open", conversationId: "plans" }]);
  last().says({ kind: "snapshot", n: 3, state: chatState({ conversationId: "plans" }) });
  expect(await takes(1)).toBe("In the plans");
});

it("goes on showing what was seen where the server knows nothing, the hub being away", async () => {
  const store = page();
  await connects();
  const asOf = clock.now();
  await goes();
  const nothing: Partial<ChatState> = { epoch: "", messages: [], connection: AWAY };
  await returns(nothing);
  const shown = { messages: [{ content: "Hello" }], queue: { asOf }, serverAway: false, connection: AWAY };
  expect(store.chat.value).toMatchObject(shown);
  const later = page();
  await connects(nothing);
  await until(async () => {
    await clock.paint();
    expect(later.chat.value).toMatchObject({ ...shown, queue: { asOf: expect.any(Number) } });
  });
  await connects();
  expect(later.chat.value).toMatchObject({ connection: { state: "live" } });
  expect(later.select.queue.value).toBeUndefined();
});

it("misses nobody who is back at once", async () => {
  const store = page();
  await connects();
  last().drops();
  clock.advance(700);
  await connects();
  expect(store.connection.value?.state).toBe("live");
  clock.advance(2_000);
  await clock.paint();
  expect(store.chat.value?.serverAway).toBe(false);
});

it("goes on where a server that was silent speaks again on the same connection", async () => {
  const store = page();
  await connects();
  store.send("Heard late");
  await until(() => expect(asked("send")).toHaveLength(1));
  clock.advance(5_000);
  await waiting(store, ["Heard late"]);
  expect(store.chat.value?.serverAway).toBe(true);
  last().says({ kind: "pong" });
  last().says({ kind: "snapshot", n: 2, state: chatState() });
  await clock.paint();
  expect(store.chat.value?.serverAway).toBe(false);
  expect(await takes(2)).toBe("Heard late");
  store.send("Said after");
  expect(await takes(3)).toBe("Said after");
});

it("says as of when what was seen is, however often the server says that it knows nothing", async () => {
  const asOf = clock.now();
  page();
  await connects();
  await goes();
  panel.leave();
  const nothing: Partial<ChatState> = { epoch: "", messages: [], connection: AWAY };
  const store = page();
  await connects(nothing);
  await until(async () => {
    await clock.paint();
    expect(store.select.queue.value?.asOf).toBeGreaterThanOrEqual(asOf);
  });
  const seenAt = store.select.queue.value?.asOf;
  last().says({ kind: "snapshot", n: 1, state: chatState(nothing) });
  await clock.paint();
  expect(store.select.queue.value?.asOf).toBe(seenAt);
  await goes();
  expect(store.chat.value).toMatchObject({ serverAway: true, queue: { asOf: seenAt } });
});
