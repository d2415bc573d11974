// The browser's storage fails: what is typed is kept as long as the page lives, and sent all the same.
import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createOpening, type Opening, openDatabase, type Place } from "../../../src/lab/offline/database";
import { newEntry } from "../../../src/lab/offline/entries";
import { added } from "../../../src/lab/offline/merging";
import { type BrowserQueue, openQueue } from "../../../src/lab/offline/queue";
import { createReader } from "../../../src/lab/offline/reader";
import { sendAll } from "../../../src/lab/offline/sending";
import { FakeClock } from "../../support/fake-clock";
import { until } from "../../support/until";

const PLACE: Place = ["http://broken/", "ada", "team"];
const { signal } = new AbortController();

let queues: BrowserQueue[] = [];
beforeEach(() => {
  vi.stubGlobal("indexedDB", new IDBFactory());
  queues = [];
});
afterEach(() => {
  vi.useRealTimers();
  for (const queue of queues) queue.close();
});

function opened(opening: Opening = createOpening()): BrowserQueue {
  const queue = openQueue(opening, PLACE, () => {});
  queues.push(queue);
  return queue;
}
const say = (queue: BrowserQueue, id: string): Promise<void> =>
  queue.change((entries) => added(entries, newEntry({ kind: "send", id, text: id }, id, 0)));
const ids = (queue: BrowserQueue): string[] => queue.entries.map(({ id }) => id);
const kept = async (): Promise<string[]> => {
  const next = opened();
  await next.read();
  return ids(next);
};
const failing = (): { mockRestore(): void } =>
  vi.spyOn(IDBTransaction.prototype, "objectStore").mockImplementation(() => {
    throw new DOMException("Internal error opening backing store.", "UnknownError");
  });

it("goes on where the browser has closed the database", async () => {
  const opening = createOpening();
  const queue = opened(opening);
  await say(queue, "a");
  (await opening())?.close();
  await say(queue, "b");
  expect(await kept()).toEqual(["a", "b"]);
});

it("keeps anew what waits where the site's data was cleared under the page", async () => {
  const opening = createOpening();
  const queue = opened(opening);
  await say(queue, "a");
  (await opening())?.close();
  vi.stubGlobal("indexedDB", new IDBFactory());
  await queue.read();
  expect(ids(queue)).toEqual(["a"]);
  await say(queue, "b");
  expect(await kept()).toEqual(["a", "b"]);
});

it("keeps things for the page while the storage fails, and writes them down when it works again", async () => {
  const queue = opened();
  await say(queue, "a");
  const broken = failing();
  await say(queue, "b");
  expect(ids(queue)).toEqual(["a", "b"]);
  expect(queue.isKept).toBe(false);
  broken.mockRestore();
  await say(queue, "c");
  expect(queue.isKept).toBe(true);
  expect(await kept()).toEqual(["a", "b", "c"]);
});

it("sends what waits where nothing can be written, each once", async () => {
  const queue = opened();
  await say(queue, "a");
  await say(queue, "b");
  const put = vi.spyOn(IDBObjectStore.prototype, "put").mockImplementation(() => {
    throw new DOMException("full", "QuotaExceededError");
  });
  const sent: unknown[] = [];
  const ask = async (wish: object) => {
    sent.push(Object(wish).id);
    return { kind: "reply", requestId: "", ok: true } as const;
  };
  await sendAll(queue, PLACE, ask, signal);
  put.mockRestore();
  await sendAll(queue, PLACE, ask, signal);
  expect(sent).toEqual(["a", "b"]);
  expect(await kept()).toEqual([]);
});

it("does without a database that the browser never opens", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout"] });
  vi.spyOn(indexedDB, "open").mockImplementation(() => new EventTarget() as IDBOpenDBRequest);
  const opening = openDatabase();
  await vi.advanceTimersByTimeAsync(5_000);
  expect(await opening).toBeNull();
});

it("writes down what was typed before the browser had opened the database, late", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout"] });
  const real = indexedDB.open.bind(indexedDB);
  let release = (): void => {};
  const slow = vi.spyOn(indexedDB, "open").mockImplementation((...wanted) => {
    const request = real(...wanted);
    const listen = request.addEventListener.bind(request);
    const opens = new Promise<void>((resolve) => {
      release = resolve;
    });
    request.addEventListener = (type: string, hear: EventListener) =>
      listen(type, (event) => void (type === "success" ? opens.then(() => hear(event)) : hear(event)));
    return request;
  });
  const opening = createOpening();
  const queue = opened(opening);
  const typed = say(queue, "a");
  await vi.advanceTimersByTimeAsync(5_000);
  await typed;
  expect(queue.isKept).toBe(false);
  vi.useRealTimers();
  slow.mockRestore();
  release();
  await until(async () => expect(await opening()).not.toBeNull());
  await say(queue, "b");
  expect(queue.isKept).toBe(true);
  expect(await kept()).toEqual(["a", "b"]);
});

it("reads nothing where nothing can be read, and throws nothing", async () => {
  const opening = createOpening();
  await opening();
  const broken = failing();
  const reader = createReader({
    ...{ opening, clock: new FakeClock(), lifetime: signal, shown: () => null },
  });
  expect(await reader.list(PLACE)).toEqual([]);
  expect(await reader.open(PLACE)).toBeUndefined();
  broken.mockRestore();
});
