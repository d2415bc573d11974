import { until } from "../../support/until";
import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { beforeEach, expect, it, vi } from "vitest";
import {
  createOpening,
  type Database,
  type Opening,
  openDatabase,
  type Place,
  pageDatabase,
} from "../../../src/lab/offline/database";
import {
  MOST_BYTES,
  MOST_MESSAGES,
  newEntry,
  sizeOf,
  TOO_LARGE,
  TOO_MANY,
  type Wish,
} from "../../../src/lab/offline/entries";
import { added, removed } from "../../../src/lab/offline/merging";
import { type BrowserQueue, openQueue } from "../../../src/lab/offline/queue";
import { sendAll } from "../../../src/lab/offline/sending";

const PLACE: Place = ["http://queue/", "ada", "team"];

beforeEach(() => {
  vi.stubGlobal("indexedDB", new IDBFactory());
});

const opened = (place: Place = PLACE, opening: Opening = createOpening()): BrowserQueue =>
  openQueue(opening, place, () => {});
const say = (queue: BrowserQueue, id: string, text = id): Promise<void> =>
  queue.change((entries) => added(entries, newEntry({ kind: "send", id, text }, id, 0)));
const ids = (queue: BrowserQueue): string[] => queue.entries.map(({ id }) => id);

it("keeps what waits, in order, for the next page; a place each", async () => {
  const queue = opened();
  await Promise.all(["a", "b", "c"].map((id) => say(queue, id)));
  await queue.change((entries) => removed(entries, "b"));
  await say(queue, "d");
  const next = opened();
  await next.read();
  expect(ids(next)).toEqual(["a", "c", "d"]);
  const others = opened(["http://queue/", "bo", "team"]);
  await others.read();
  expect(ids(others)).toEqual([]);
});

it("opens the database once for a page, and again where the browser has closed it", async () => {
  const first = await pageDatabase();
  expect(await pageDatabase()).toBe(first);
  const deleted = indexedDB.deleteDatabase("conduit-chat");
  await new Promise((done) => {
    deleted.onsuccess = done;
  });
  const next = await pageDatabase();
  expect(next).not.toBe(first);
  next?.close();
});

it("tells the other pages of the browser", async () => {
  let changes = 0;
  const other = openQueue(createOpening(), PLACE, () => {
    changes += 1;
  });
  await other.read();
  await say(opened(), "a");
  await until(() => expect(changes).toBe(1));
  expect(ids(other)).toEqual(["a"]);
  other.close();
});

it("refuses one message too many, and more than fits, with the number; what is there stays", async () => {
  const queue = opened();
  await queue.change(() =>
    Array.from({ length: MOST_MESSAGES }, (_, at) =>
      newEntry({ kind: "send", id: `${at}`, text: "" }, "", 0),
    ),
  );
  await expect(say(queue, "more")).rejects.toThrow(TOO_MANY);
  await queue.change((entries) => removed(entries, "0"));
  await say(queue, "more");
  expect(queue.entries).toHaveLength(MOST_MESSAGES);

  const large = opened(["http://queue/", "ada", "large"]);
  await say(large, "half", "x".repeat(30 * 1024 * 1024));
  await expect(say(large, "other", "x".repeat(30 * 1024 * 1024))).rejects.toThrow(TOO_LARGE);
  expect(ids(large)).toEqual(["half"]);
});

it("says so where the browser has no room, and keeps things for the page where it keeps nothing", async () => {
  const full = opened();
  await full.read();
  const put = vi.spyOn(IDBObjectStore.prototype, "put").mockImplementation(() => {
    throw new DOMException("full", "QuotaExceededError");
  });
  await expect(say(full, "a")).rejects.toThrow("no room left");
  put.mockRestore();
  await say(full, "b");
  expect(ids(full)).toEqual(["b"]);

  vi.stubGlobal("indexedDB", undefined);
  const memory = opened();
  await say(memory, "a");
  expect(ids(memory)).toEqual(["a"]);
  expect(memory.isKept).toBe(false);
});

it("notes what becomes of a message also where nothing more fits", async () => {
  const queue = opened();
  const overhead = sizeOf(newEntry({ kind: "send", id: "a", text: "" }, "a", 0));
  await say(queue, "a", "x".repeat(MOST_BYTES - overhead));
  const refusing = async () =>
    ({ kind: "reply", requestId: "", ok: false, error: { message: "Much too long for here." } }) as const;
  await sendAll(queue, PLACE, refusing, new AbortController().signal);
  expect(queue.entries.map(({ reason }) => reason)).toEqual(["Much too long for here."]);
});

it("sends in order, keeps what is refused with its reason, and goes on where the way was lost", async () => {
  const queue = opened();
  for (const id of ["a", "b", "c", "d"]) await say(queue, id);
  const heard: string[] = [];
  let isLost = true;
  const ask = async (wish: Wish) => {
    const id = "id" in wish ? wish.id : "";
    if (id === "c" && isLost) throw new Error("lost");
    heard.push(id);
    if (id !== "b") return { kind: "reply", requestId: "", ok: true } as const;
    return { kind: "reply", requestId: "", ok: false, error: { message: "Too rude." } } as const;
  };
  const { signal } = new AbortController();
  await expect(sendAll(queue, PLACE, ask, signal)).rejects.toThrow("lost");
  expect(queue.entries.map(({ id, reason, attempted }) => [id, reason, attempted])).toEqual([
    ["b", "Too rude.", false],
    ["c", null, true],
    ["d", null, false],
  ]);
  isLost = false;
  await sendAll(opened(), PLACE, ask, signal);
  await queue.read();
  expect(heard).toEqual(["a", "b", "c", "d"]);
  expect(ids(queue)).toEqual(["b"]);
});

it("is not held up by what another build kept there, and leaves it alone", async () => {
  const queue = opened();
  await say(queue, "a");
  const database = (await openDatabase()) as Database;
  const good = (await database.getAll("waiting"))[0]?.entry;
  const strange = [null, {}, { ...good, wish: null }, { ...good, wish: { kind: "pin" } }, { ...good, id: 5 }];
  const wordless = { ...good, wish: { kind: "send", id: "w" } };
  for (const [at, entry] of [...strange, wordless].entries())
    await database.put("waiting", { place: PLACE, position: -1, entry: entry as never }, [
      ...PLACE,
      `x${at}`,
    ]);
  const next = opened();
  await next.read();
  await say(next, "b");
  expect(ids(next)).toEqual(["a", "b"]);
  const sent: string[] = [];
  const ask = async (wish: Wish) => {
    sent.push((wish as { id: string }).id);
    return { kind: "reply", requestId: "r", ok: true } as const;
  };
  await sendAll(next, PLACE, ask, new AbortController().signal);
  expect(sent).toEqual(["a", "b"]);
  expect(await database.count("waiting")).toBe(6);
  database.close();
});
