// The durable queue of one conversation, as this page sees it. Other pages of the same browser share it.
import type { Database, Opening, Place } from "./database";
import { checkRoom, type Entry, isEntry, isWaiting, NO_ROOM } from "./entries";
import { createMissed } from "./missed";

const CHANNEL = "conduit-chat-queue";

export type Change = (entries: readonly Entry[]) => Entry[];

export interface BrowserQueue {
  /** As it was read last. */
  readonly entries: readonly Entry[];
  /** Whether it outlives the page, as far as is known. */
  readonly isKept: boolean;
  /** Whether it was read: before, nobody knows what waits already. */
  readonly isRead: boolean;
  /** What is to be sent next. */
  first(): Entry | undefined;
  read(): Promise<void>;
  /** Changes what waits, in one transaction; rejects where that makes no sense, or is too much. */
  change(change: Change): Promise<void>;
  /** The same for what became of it, which has room always. */
  note(change: Change): Promise<void>;
  close(): void;
}

/**
 * Opens the queue of a place; `changed` is called whenever what waits has changed, here or in another page.
 *
 * Where the browser does not keep it, or not any more, the page does as long as it lives; what it has alone is written down
 * as soon as that can be.
 */
export function openQueue(opening: Opening, place: Place, changed: () => void): BrowserQueue {
  let entries: readonly Entry[] = [];
  let isKept = true;
  let isRead = false;
  /** The name of the database that was written to last; one of another name has nothing of what was there. */
  let used = "";
  const missed = createMissed();
  const name = JSON.stringify(place);
  let channel = globalThis.BroadcastChannel ? new BroadcastChannel(CHANNEL) : null;

  const took = (next: readonly Entry[], isKeptNow: boolean): void => {
    const isSame = signs(next) === signs(entries) && isKeptNow === isKept;
    entries = next;
    isRead = true;
    isKept = isKeptNow;
    if (!isSame) changed();
  };

  const inDatabase = async (database: Database, change: Change): Promise<void> => {
    const { after, name: now } = await inTransaction(database, place, (kept, now) => {
      // Whoever finds everything cleared writes down anew what it has; else what is not there has left.
      const known = new Set(kept.map(({ id }) => id));
      const had = used && used !== now ? entries.filter(({ id }) => !known.has(id)) : [];
      return change(missed.madeUp([...kept, ...had]));
    });
    used = now;
    missed.clear();
    took(after, true);
  };

  /** Whether it could be written down; throws where the rules say no, or the browser has no room for more. */
  const isWritten = async (database: Database, change: Change, hasRoom: boolean): Promise<boolean> => {
    try {
      await inDatabase(database, change);
      return true;
    } catch (error) {
      if (!(error instanceof DOMException)) throw error;
      if (error.name !== "QuotaExceededError") database.close();
      else if (!hasRoom) throw new Error(NO_ROOM);
      return false;
    }
  };

  /** Changes what is kept, or where the browser fails, also once more, what this page has. */
  const changeIt = async (change: Change, hasRoom: boolean): Promise<void> => {
    for (const isBroken of [false, true]) {
      const database = await opening(isBroken);
      if (!database) break;
      if (await isWritten(database, change, hasRoom)) return;
    }
    const [before, after] = [entries, change(entries)];
    missed.note(change, before, after);
    took(after, false);
  };

  /** A change after the other: the order in which people do things is that of the queue. */
  let turn: Promise<unknown> = Promise.resolve();
  const inTurn = (change: Change, hasRoom = true): Promise<void> => {
    const done = turn.then(() => changeIt(change, hasRoom));
    turn = done.catch(() => {});
    return done;
  };
  const tellingOthers = (done: Promise<void>): Promise<void> => done.then(() => channel?.postMessage(name));

  const read = (): Promise<void> => inTurn((before) => [...before]);
  if (channel)
    channel.onmessage = ({ data }) => {
      // What cannot be read now is read before it is sent.
      if (data === name) read().catch(() => {});
    };

  return {
    get entries() {
      return entries;
    },
    get isKept() {
      return isKept;
    },
    get isRead() {
      return isRead;
    },
    first: () => entries.find(isWaiting),
    read,
    change: (change) =>
      tellingOthers(
        inTurn((before) => {
          const after = change(before);
          checkRoom(before, after);
          return after;
        }, false),
      ),
    note: (change) => tellingOthers(inTurn(change)),
    close() {
      channel?.close();
      channel = null; // what is on its way is still written down
    },
  };
}

/** What tells one state of a queue from another. */
function signs(entries: readonly Entry[]): string {
  return JSON.stringify(
    entries.map(({ id, revision, attempted, reason }) => [id, revision, attempted, reason]),
  );
}

async function inOrder<K extends { position: number; entry: Entry }>(
  reading: Promise<K[]>,
): Promise<{ kept: K[]; entries: Entry[] }> {
  // What another build wrote, or nobody here, is left alone: it holds up nothing.
  const kept = (await reading).filter(({ entry }) => isEntry(entry)).sort((a, b) => a.position - b.position);
  return { kept, entries: kept.map(({ entry }) => entry) };
}

/** Changes what is kept of a place; returns it with the name of the database. */
async function inTransaction(
  database: Database,
  place: Place,
  change: (kept: readonly Entry[], name: string) => Entry[],
): Promise<{ after: Entry[]; name: string }> {
  const transaction = database.transaction(["waiting", "made"], "readwrite");
  // Whoever awaits it hears of its failure below.
  const done = transaction.done.catch((error: unknown) => error);
  try {
    const store = transaction.objectStore("waiting");
    const name = (await transaction.objectStore("made").get("name")) ?? "";
    const { kept, entries: before } = await inOrder(store.index("place").getAll(place));
    const after = change(before, name);
    const had = new Map(kept.map((each) => [each.entry.id, each]));
    const left = new Set(after.map(({ id }) => id));
    // The places there were, in order, and new ones behind them: what only leaves moves nothing.
    const places = kept.filter(({ entry }) => left.has(entry.id)).map(({ position }) => position);
    let newest = kept.at(-1)?.position ?? 0;
    await Promise.all([
      ...before.filter(({ id }) => !left.has(id)).map(({ id }) => store.delete([...place, id])),
      ...after.map(async (entry) => {
        const known = had.get(entry.id);
        if (!known) newest += 1;
        const position = known ? (places.shift() ?? newest) : newest;
        if (known?.position !== position || known.entry !== entry)
          await store.put({ place, position, entry }, [...place, entry.id]);
      }),
    ]);
    const failure = await done;
    if (failure) throw failure;
    return { after, name };
  } catch (error) {
    try {
      transaction.abort();
    } catch {
      // It has ended already.
    }
    throw error;
  }
}
