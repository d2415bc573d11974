// What becomes of what waits: it is asked for, refused, done, or was never heard. As the kernel's queue has it
// (conduit_widget/chat_client/offline/outcomes.py); tests/vectors/offline_queue.json holds both to the same.
import { type Entry, isShown, isWaiting, type Wish } from "./entries";
import { type Entries, linked } from "./merging";

/** The queue with an entry marked that waits: the server is asked now. */
export function attempted(entries: Entries, id: string): Entry[] {
  return entries.map((each) => (each.id === id && isWaiting(each) ? { ...each, attempted: true } : each));
}

/** The queue with the files of a message up: from here on it names them as the server does. */
export function uploaded(entries: Entries, id: string, files: readonly string[]): Entry[] {
  return entries.map((each) =>
    each.id === id && each.wish.kind === "send"
      ? { ...each, wish: { ...each.wish, files }, revision: each.revision + 1 }
      : each,
  );
}

/** The queue with an entry of which it turned out that the server was not asked for it at all. */
export function unheard(entries: Entries, id: string): Entry[] {
  return entries.flatMap((each): Entry[] => {
    if (each.id !== id) return [each];
    // What was to be deleted meanwhile is nowhere.
    return each.unsure ? [] : [{ ...each, attempted: false, reworded: false }];
  });
}

/**
 * The queue with an entry refused as what it was then: one whose deletion was asked for meanwhile is not. Nobody misses a
 * mark of what was read.
 */
export function refused(entries: Entries, id: string, reason: string, kind: Wish["kind"]): Entry[] {
  const after = entries.flatMap((each): Entry[] => {
    if (each.id !== id || each.wish.kind !== kind || !isWaiting(each)) return [each];
    if (!isShown(each)) return [];
    return [{ ...each, reason, attempted: false, reworded: false, revision: each.revision + 1 }];
  });
  return linked(after, entries);
}

/** The queue without what the server has done; what was changed since it was asked stays. */
export function settled(entries: Entries, id: string, revision: number): Entry[] {
  return entries.flatMap((entry): Entry[] => {
    if (entry.id !== id) return [entry];
    const { wish, messageId } = entry;
    if (wish.kind === "send" && entry.reworded) {
      // It may have arrived with its earlier words: an edit follows, which changes nothing where it has not.
      const edit: Entry["wish"] = { kind: "edit", messageId, text: wish.text };
      return [{ ...entry, wish: edit, attempted: false, reworded: false, revision: entry.revision + 1 }];
    }
    return wish.kind === "send" || entry.revision === revision ? [] : [entry];
  });
}
