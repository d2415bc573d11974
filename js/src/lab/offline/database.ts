// Where the browser keeps what waits and what was seen: one IndexedDB for all servers, people and conversations.
import { type DBSchema, type IDBPDatabase, openDB } from "idb";
import type { ConversationInfo } from "../../contract";
import { uuid } from "../../identifier";
import type { ChatState } from "../../kernel/messages";
import type { Entry } from "./entries";

/** One conversation of one person at one server, as the key of what is kept of it. */
export type Place = [server: string, userId: string, conversationId: string];

export interface Kept {
  place: Place;
  position: number;
  entry: Entry;
}

export interface Seen {
  place: Place;
  /** When, in epoch ms. */
  at: number;
  chat: ChatState;
}

interface Schema extends DBSchema {
  /** What waits; the key is the place and the entry's id. */
  waiting: { key: [...Place, string]; value: Kept; indexes: { place: Place } };
  seen: { key: Place; value: Seen; indexes: { at: number } };
  /** The conversations of a person, as the hub named them last. */
  lists: { key: [server: string, userId: string]; value: ConversationInfo[] };
  /** The bytes of files of messages that wait; the key is the file's id. */
  files: {
    key: string;
    value: { at: number; content: Uint8Array<ArrayBuffer> };
    indexes: { at: number };
  };
  /** A name that the database got when it was made: where it is another one, everything was cleared meanwhile. */
  made: { key: "name"; value: string };
}

export type Database = IDBPDatabase<Schema>;

/** Where the browser has not opened it by then, the page goes on without: a private window, a broken profile, a slow disk. */
const PATIENCE_MS = 5_000;

/** Opens the database; with `isBroken` once more, because what it gave cannot be used any longer. */
export type Opening = (isBroken?: boolean) => Promise<Database | null>;

/** Opens it once for whoever asks; where it was closed, the next who asks opens it again. */
export function createOpening(): Opening {
  let current: Promise<Database | null> | null = null;
  const open = (): Promise<Database | null> => {
    let mine: Promise<Database | null>;
    // One that was closed late may have been replaced by then.
    const closed = (): void => {
      if (current === mine) current = null;
    };
    mine = openDatabase(closed, (database) => {
      if (current !== mine) {
        database.close();
        return;
      }
      mine = Promise.resolve(database);
      current = mine;
    });
    return mine;
  };
  return (isBroken = false) => {
    if (isBroken) current = null;
    current ??= open();
    return current;
  };
}

/** The one that all chats of the page share. */
export const pageDatabase = createOpening();

/**
 * Opens it; null where the browser keeps nothing (some do not in private windows). `closed` is called when it was closed,
 * `came` when it is there after all, later than the page waits for it.
 */
export async function openDatabase(
  closed = (): void => {},
  came = (database: Database): void => database.close(),
): Promise<Database | null> {
  let isLate = false;
  const late = new Promise<null>((resolve) => {
    setTimeout(() => {
      isLate = true;
      resolve(null);
    }, PATIENCE_MS);
  });
  try {
    const opened = openDB<Schema>("conduit-chat", 2, {
      upgrade(fresh, version, _wanted, { done }) {
        // Whoever opens it hears of what fails here.
        done.catch(() => {});
        if (version < 1) {
          fresh.createObjectStore("waiting").createIndex("place", "place");
          fresh.createObjectStore("seen").createIndex("at", "at");
          fresh.createObjectStore("lists");
        }
        fresh.createObjectStore("files").createIndex("at", "at");
        fresh
          .createObjectStore("made")
          .put(uuid(), "name")
          .catch(() => {});
      },
      // A newer version in another tab has to wait for nobody.
      blocking(_current, _wanted, { target }) {
        (target as IDBDatabase).close();
        closed();
      },
      terminated: closed, // by the browser, as where its data was cleared
    });
    opened.then(
      (database) => isLate && came(database),
      () => {},
    );
    return await Promise.race([opened, late]);
  } catch {
    return null; // what is typed lives as long as the page, and the queue says so
  }
}
