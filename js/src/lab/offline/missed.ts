// What could not be written down while the storage failed: it is made up for when it works again.
import type { Entry } from "./entries";
import type { Change } from "./queue";

interface MissedChange {
  change: Change;
  /** The entries that it made, changed or took out. */
  ids: ReadonlySet<string>;
}

export interface Missed {
  /** Notes a change that only the page has made. */
  note(change: Change, before: readonly Entry[], after: readonly Entry[]): void;
  /** The entries of the storage with all that was missed; what makes no sense any longer changes nothing. */
  madeUp(entries: readonly Entry[]): readonly Entry[];
  /** It is written down. */
  clear(): void;
}

export function createMissed(): Missed {
  let changes: MissedChange[] = [];
  /** What has left the queue meanwhile: no page keeps it any longer. */
  let gone = new Set<string>();

  return {
    note(change, before, after) {
      const ids = difference(before, after);
      if (ids.size === 0) return;
      const left = new Set(after.map(({ id }) => id));
      for (const { id } of before) if (!left.has(id)) gone.add(id);
      // Made once more, what is over could change what another page has kept since.
      changes = [...changes, { change, ids }].filter((each) => [...each.ids].some((id) => !gone.has(id)));
    },
    madeUp: (entries) =>
      changes.reduce((sofar, { change }) => made(sofar, change), entries).filter(({ id }) => !gone.has(id)),
    clear() {
      changes = [];
      gone = new Set();
    },
  };
}

function difference(before: readonly Entry[], after: readonly Entry[]): Set<string> {
  const had = new Map(before.map((entry, at) => [entry.id, { entry, at }]));
  const ids = new Set(had.keys());
  after.forEach((entry, at) => {
    const known = had.get(entry.id);
    if (known?.entry === entry && (known.at === at || before.length !== after.length)) ids.delete(entry.id);
    else ids.add(entry.id);
  });
  return ids;
}

function made(entries: readonly Entry[], change: Change): readonly Entry[] {
  try {
    return change(entries);
  } catch {
    return entries;
  }
}
