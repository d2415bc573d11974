// The database was closed under a page and opened again, while other pages went on: what they did stays done.
import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createOpening, type Opening, type Place } from "../../../src/lab/offline/database";
import { newEntry, type Wish } from "../../../src/lab/offline/entries";
import { added, removed } from "../../../src/lab/offline/merging";
import { attempted, settled } from "../../../src/lab/offline/outcomes";
import { type BrowserQueue, openQueue } from "../../../src/lab/offline/queue";
import { until } from "../../support/until";

const PLACE: Place = ["http://reopened/", "ada", "team"];

interface Page {
  queue: BrowserQueue;
  opening: Opening;
  /** How often it was told that something had changed, and what it saw then. */
  told: { ids: string[]; isKept: boolean }[];
}

let pages: Page[] = [];
beforeEach(() => {
  vi.stubGlobal("indexedDB", new IDBFactory());
  pages = [];
});
afterEach(() => {
  for (const { queue } of pages) queue.close();
  vi.unstubAllGlobals();
});

/** A page of the browser; without a channel it hears nothing of the others, as one that is frozen. */
function page({ isDeaf = false } = {}): Page {
  const channel = globalThis.BroadcastChannel;
  if (isDeaf) vi.stubGlobal("BroadcastChannel", undefined);
  const opening = createOpening();
  const told: Page["told"] = [];
  const queue: BrowserQueue = openQueue(opening, PLACE, () =>
    told.push({ ids: ids(queue), isKept: queue.isKept }),
  );
  vi.stubGlobal("BroadcastChannel", channel);
  const made = { queue, opening, told };
  pages.push(made);
  return made;
}

const does = ({ queue }: Page, id: string, wish: Wish): Promise<void> =>
  queue.change((entries) => added(entries, newEntry(wish, id, 0)));
const say = (at: Page, id: string): Promise<void> => does(at, id, { kind: "send", id, text: id });
const edit = (at: Page, id: string, text: string): Promise<void> =>
  does(at, id, { kind: "edit", messageId: "m", text });
const takeBack = ({ queue }: Page, id: string): Promise<void> =>
  queue.change((entries) => removed(entries, id));
/** The server has heard of it, and done it. */
const isDone = async ({ queue }: Page, id: string): Promise<void> => {
  await queue.note((entries) => attempted(entries, id));
  const revision = queue.entries.find((each) => each.id === id)?.revision ?? -1;
  await queue.note((entries) => settled(entries, id, revision));
};
const ids = ({ entries }: BrowserQueue): string[] => entries.map(({ id }) => id);
const kept = async (): Promise<string[]> => {
  const next = page();
  await next.queue.read();
  return ids(next.queue);
};
const closed = async ({ opening }: Page): Promise<void> => (await opening())?.close();
/** From here on nothing can be read or written, by any page. */
const failing = (): { mockRestore(): void } =>
  vi.spyOn(IDBTransaction.prototype, "objectStore").mockImplementation(() => {
    throw new DOMException("Internal error opening backing store.", "UnknownError");
  });

describe("after the database was closed under a page", () => {
  it("brings nothing back that another page took back", async () => {
    const [one, two] = [page({ isDeaf: true }), page()];
    await say(one, "a");
    await say(one, "b");
    await takeBack(two, "a");
    await closed(one);
    await say(one, "c");
    expect(ids(one.queue)).toEqual(["b", "c"]);
    expect(await kept()).toEqual(["b", "c"]);
  });

  it("sends no edit again that another page has sent", async () => {
    const [one, two] = [page({ isDeaf: true }), page()];
    await edit(one, "e", "better");
    await two.queue.read();
    await isDone(two, "e");
    await closed(one);
    await one.queue.read();
    expect(one.queue.first()).toBeUndefined();
    expect(await kept()).toEqual([]);
  });

  it("keeps anew what waits where everything was cleared, in each page once", async () => {
    const [one, two] = [page(), page()];
    await say(one, "a");
    await until(() => expect(ids(two.queue)).toEqual(["a"]));
    await closed(one);
    await closed(two);
    vi.stubGlobal("indexedDB", new IDBFactory());
    await Promise.all([say(one, "b"), say(two, "c")]);
    await until(async () => expect((await kept()).sort()).toEqual(["a", "b", "c"]));
  });

  it("forgets in the cleared database, too, what was sent since", async () => {
    const one = page();
    await say(one, "a");
    await closed(one);
    vi.stubGlobal("indexedDB", new IDBFactory());
    await isDone(one, "a");
    await closed(one);
    await one.queue.read();
    expect([ids(one.queue), await kept()]).toEqual([[], []]);
  });
});

describe("after the storage failed for a while", () => {
  it("brings nothing back that another page took back meanwhile", async () => {
    const [one, two] = [page({ isDeaf: true }), page()];
    await say(one, "a");
    await say(one, "b");
    const broken = failing();
    await say(one, "c");
    broken.mockRestore();
    await takeBack(two, "a");
    await say(one, "d");
    expect(await kept()).toEqual(["b", "c", "d"]);
  });

  it("does not write an old edit over a newer one that another page keeps", async () => {
    const [one, two] = [page({ isDeaf: true }), page()];
    await one.queue.read();
    const broken = failing();
    await edit(one, "old", "old words");
    await isDone(one, "old"); // without the storage: it has been sent
    broken.mockRestore();
    await edit(two, "new", "new words");
    await one.queue.read();
    expect(one.queue.entries).toMatchObject([{ id: "new", wish: { text: "new words" } }]);
    expect(await kept()).toEqual(["new"]);
  });

  it("does not keep what was sent meanwhile, whether it was kept before or not", async () => {
    const one = page();
    await say(one, "before");
    const broken = failing();
    await say(one, "meanwhile");
    await isDone(one, "before");
    await isDone(one, "meanwhile");
    await say(one, "left");
    broken.mockRestore();
    await one.queue.read();
    expect([ids(one.queue), await kept()]).toEqual([["left"], ["left"]]);
  });

  it("says at once that it is not kept, and at once that it is again", async () => {
    const one = page();
    await say(one, "a");
    const broken = failing();
    await say(one, "b");
    expect(one.told.at(-1)).toEqual({ ids: ["a", "b"], isKept: false });
    broken.mockRestore();
    await one.queue.read();
    expect(one.told.at(-1)).toEqual({ ids: ["a", "b"], isKept: true });
  });

  it("makes a change once, though whoever is told of it fails", async () => {
    let fails = false;
    const opening = createOpening();
    const queue = openQueue(opening, PLACE, () => {
      if (fails) throw new Error("the view is broken");
    });
    const broken = failing();
    const one = { queue, opening, told: [] };
    pages.push(one);
    await edit(one, "e", "words");
    broken.mockRestore();
    fails = true;
    await queue.read().catch(() => {});
    fails = false;
    await isDone(one, "e");
    await queue.read();
    expect([ids(queue), await kept()]).toEqual([[], []]);
  });
});
