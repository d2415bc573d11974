// What can be read while the Jupyter server is away: the conversations that were seen, as they were then.
import type { Clock } from "../../clock";
import type { ConversationInfo } from "../../contract";
import type { ChatState } from "../../kernel/messages";
import type { Database, Opening, Place, Seen } from "./database";
import { forgetSeen, keepList, keepSeen, readableOf, seenOf } from "./seen";

/** What is seen is kept at most so often. */
const EVERY_MS = 10_000;

export interface Reader {
  /** Notes that the chat shows something else; it is kept in a while. */
  changed(): void;
  /** Keeps the chat as it is shown now. */
  keep(): Promise<void>;
  keepList(place: Place, list: ConversationInfo[]): void;
  list(place: Place): Promise<ConversationInfo[]>;
  open(place: Place): Promise<Seen | undefined>;
}

interface Options {
  opening: Opening;
  clock: Clock;
  lifetime: AbortSignal;
  /** What is shown, and where; null while it is nothing that the server said. */
  shown(): { place: Place; chat: ChatState } | null;
}

export function createReader({ opening, clock, lifetime, shown }: Options): Reader {
  let cancel: (() => void) | null = null;

  /** What cannot be kept, or not be read, cannot be read later: that is all. */
  const quietly = async <Read>(work: (database: Database) => Promise<Read>): Promise<Read | undefined> => {
    const database = await opening();
    return database ? work(database).catch(() => undefined) : undefined;
  };

  const keep = async (): Promise<void> => {
    cancel?.();
    cancel = null;
    const now = shown();
    if (!now) return;
    const { place, chat } = now;
    await quietly((database) =>
      chat.connection.state === "removed"
        ? forgetSeen(database, place)
        : keepSeen(database, place, chat, chat.queue?.asOf ?? clock.now()),
    );
  };
  const leaving = (): void => {
    if (cancel) keep();
  };
  globalThis.addEventListener?.("pagehide", leaving, { signal: lifetime });
  lifetime.addEventListener("abort", () => cancel?.(), { once: true });

  return {
    changed() {
      cancel ??= clock.after(EVERY_MS, keep);
    },
    keep,
    keepList: (place, list) => void quietly((database) => keepList(database, place, list)),
    list: async (place) => (await quietly((database) => readableOf(database, place))) ?? [],
    open: (place) => quietly((database) => seenOf(database, place)),
  };
}
