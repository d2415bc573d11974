// Who sends what waits in the browser, and what becomes of it.
import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Reply } from "../../../src/kernel/messages";
import { createOpening, type Place } from "../../../src/lab/offline/database";
import { newEntry, type Wish } from "../../../src/lab/offline/entries";
import { added, removed } from "../../../src/lab/offline/merging";
import { type BrowserQueue, openQueue } from "../../../src/lab/offline/queue";
import { NotAskedError, sendAll } from "../../../src/lab/offline/sending";
import { until } from "../../support/until";

const PLACE: Place = ["http://sending/", "ada", "team"];
const DONE: Reply = { kind: "reply", requestId: "", ok: true, result: null };
const refusal = (message: string): Reply => ({ ...DONE, ok: false, error: { message } });
const { signal } = new AbortController();

let queues: BrowserQueue[] = [];
beforeEach(() => {
  vi.stubGlobal("indexedDB", new IDBFactory());
  queues = [];
});
afterEach(() => {
  for (const queue of queues) queue.close();
});

/** The queue as another page of the browser has it. */
function page(): BrowserQueue {
  const queue = openQueue(createOpening(), PLACE, () => {});
  queues.push(queue);
  return queue;
}
const say = (queue: BrowserQueue, id: string): Promise<void> =>
  queue.change((entries) => added(entries, newEntry({ kind: "send", id, text: id }, id, 0)));
const idOf = (wish: Wish): string => ("id" in wish ? wish.id : "");

it("sends from one page at a time where the browser has no locks, as over plain HTTP", async () => {
  expect(globalThis.navigator?.locks).toBeUndefined();
  const [one, two] = [page(), page()];
  for (const id of ["a", "b", "c"]) await say(one, id);
  const sent: string[] = [];
  let asking = 0;
  const ask = async (wish: Wish): Promise<Reply> => {
    asking += 1;
    expect(asking, "one at a time").toBe(1);
    await new Promise((done) => setTimeout(done));
    sent.push(idOf(wish));
    asking -= 1;
    return DONE;
  };
  await Promise.all([sendAll(one, PLACE, ask, signal), sendAll(two, PLACE, ask, signal)]);
  expect(sent).toEqual(["a", "b", "c"]);
});

it("lets another page send when the one that waits for an answer has left", async () => {
  const [one, two] = [page(), page()];
  await say(one, "a");
  const leaving = new AbortController();
  let isAsked = false;
  const silent = (): Promise<Reply> => {
    isAsked = true;
    return new Promise(() => {});
  };
  const first = sendAll(one, PLACE, silent, leaving.signal);
  const left = expect(first).rejects.toThrow();
  await until(() => expect(isAsked).toBe(true));
  const sent: string[] = [];
  const ask = async (wish: Wish): Promise<Reply> => {
    sent.push(idOf(wish));
    return DONE;
  };
  const second = sendAll(two, PLACE, ask, signal);
  leaving.abort();
  await left;
  await second;
  expect(sent).toEqual(["a"]);
});

it("asks for nothing more once it has left, and marks nothing as asked for", async () => {
  const leaving = new AbortController();
  const queue = openQueue(createOpening(), PLACE, () => {
    if (queue.entries[0]?.attempted) leaving.abort();
  });
  queues.push(queue);
  await say(queue, "a");
  const silent = vi.fn((): Promise<Reply> => new Promise(() => {}));
  await expect(sendAll(queue, PLACE, silent, leaving.signal)).rejects.toThrow(NotAskedError);
  expect(silent).not.toHaveBeenCalled();
  expect(queue.entries[0]?.attempted).toBe(false);
});

it("takes the mark back of what was not asked for after all, and of nothing else", async () => {
  const queue = page();
  await say(queue, "a");
  const noWay = async (): Promise<Reply> => Promise.reject(new NotAskedError("no way"));
  await expect(sendAll(queue, PLACE, noWay, signal)).rejects.toThrow("no way");
  expect(queue.entries[0]?.attempted).toBe(false);
  const lost = async (): Promise<Reply> => Promise.reject(new Error("lost"));
  await expect(sendAll(queue, PLACE, lost, signal)).rejects.toThrow("lost");
  await expect(sendAll(queue, PLACE, noWay, signal)).rejects.toThrow("no way");
  expect(queue.entries[0]?.attempted, "it may have been heard before").toBe(true);
});

it("keeps the deletion of a message that is refused, but not where there is nothing to delete", async () => {
  const queue = page();
  const asked = async (): Promise<Reply> => Promise.reject(new Error("lost"));
  await say(queue, "a");
  await expect(sendAll(queue, PLACE, asked, signal)).rejects.toThrow("lost");
  await queue.change((entries) => removed(entries, "a"));
  await sendAll(queue, PLACE, async () => refusal("Rate limit exceeded."), signal);
  expect(queue.entries).toMatchObject([{ wish: { kind: "delete" }, reason: "Rate limit exceeded." }]);
  await queue.change((entries) => entries.map((each) => ({ ...each, reason: null })));
  await sendAll(queue, PLACE, async () => refusal("Unauthorized"), signal);
  expect(queue.entries).toEqual([]);
});

it("deletes a message that arrives just after the hub was asked to delete it", async () => {
  const queue = page();
  await say(queue, "a");
  const lost = async (): Promise<Reply> => Promise.reject(new Error("lost"));
  await expect(sendAll(queue, PLACE, lost, signal)).rejects.toThrow("lost");
  await queue.change((entries) => removed(entries, "a"));
  let isThere = false;
  let deletions = 0;
  const ask = async (): Promise<Reply> => {
    if (isThere) deletions += 1;
    const reply = isThere ? DONE : refusal("Unauthorized");
    isThere = true;
    return reply;
  };
  await sendAll(queue, PLACE, ask, signal);
  expect(deletions).toBe(1);
  expect(queue.entries).toEqual([]);
});
