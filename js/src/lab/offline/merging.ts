// How what people do to messages merges with what waits already: the rules of the kernel's queue
// (conduit_widget/chat_client/offline/merging.py). Pure: lists in, lists out; what makes no sense throws.
//
// An entry that was attempted is never taken back as if nothing had been: it may have been heard. What would undo it then
// follows it.
import {
  type Entry,
  GONE,
  isShown,
  isWaiting,
  MAY_HAVE_ARRIVED,
  NOT_TAKEN_BACK,
  NOT_WAITING,
  TOO_EARLY,
  type Wish,
  WORDLESS,
} from "./entries";

export type Entries = readonly Entry[];

/** The queue with one thing more. */
export function added(entries: Entries, fresh: Entry): Entry[] {
  switch (fresh.wish.kind) {
    case "send":
      return withMessage(entries, fresh);
    case "edit":
      return withEdit(entries, fresh, fresh.wish.text);
    case "delete":
      return withDeletion(entries, fresh);
    case "react":
      return withReaction(entries, fresh, fresh.wish);
    case "read":
      return withMark(entries, fresh, fresh.wish.seq);
  }
}

function about({ messageId }: Entry, kind: Wish["kind"], entries: Entries): Entry | undefined {
  return entries.find((each) => each.wish.kind === kind && each.messageId === messageId);
}

function withMessage(entries: Entries, fresh: Entry): Entry[] {
  const known = entries.find(({ id }) => id === fresh.id);
  return known ? changed(entries, again(known)) : linked([...entries, fresh]);
}

function withEdit(entries: Entries, fresh: Entry, text: string): Entry[] {
  if (about(fresh, "delete", entries)) throw new Error(GONE);
  const known = about(fresh, "send", entries) ?? about(fresh, "edit", entries);
  return known ? reworded(entries, known.id, text) : [...entries, fresh];
}

function withDeletion(entries: Entries, fresh: Entry): Entry[] {
  const message = about(fresh, "send", entries);
  if (message) return removed(entries, message.id);
  const known = about(fresh, "delete", entries);
  if (known) return changed(entries, again(known));
  // What else was to be done to it would be refused, or change nothing.
  return [...entries.filter(({ messageId }) => messageId !== fresh.messageId), fresh];
}

function withReaction(entries: Entries, fresh: Entry, wish: Extract<Wish, { kind: "react" }>): Entry[] {
  if (about(fresh, "delete", entries)) throw new Error(GONE);
  const known = entries.findLast(
    (each) =>
      each.wish.kind === "react" && each.messageId === fresh.messageId && each.wish.emoji === wish.emoji,
  );
  if (known?.wish.kind !== "react") return [...entries, fresh];
  if (known.wish.on === wish.on || known.attempted) return changed(entries, { ...again(known), wish });
  return entries.filter((each) => each !== known);
}

function withMark(entries: Entries, fresh: Entry, seq: number): Entry[] {
  const known = about(fresh, "read", entries);
  if (known?.wish.kind !== "read") return [...entries, fresh];
  return changed(entries, { ...again(known), wish: { kind: "read", seq: Math.max(known.wish.seq, seq) } });
}

/** Other words for a message or an edit that waits; a refused one is tried again. */
export function reworded(entries: Entries, id: string, text: string): Entry[] {
  const entry = knownOf(entries, id);
  const { wish, attempted } = entry;
  if (wish.kind !== "send" && wish.kind !== "edit") throw new Error(WORDLESS);
  return changed(entries, {
    ...again(entry),
    wish: { ...wish, text },
    reworded: entry.reworded || (attempted && wish.kind === "send"),
  });
}

/** The queue without an entry; of a message that may have arrived its deletion is left. */
export function removed(entries: Entries, id: string): Entry[] {
  const entry = knownOf(entries, id);
  if (entry.wish.kind !== "send") {
    if (entry.attempted) throw new Error(NOT_TAKEN_BACK);
    return entries.filter((each) => each !== entry);
  }
  const rest = (kept: Entry | null): Entry[] =>
    entries.flatMap((each) =>
      each === entry ? (kept ?? []) : each.messageId === entry.messageId ? [] : each,
    );
  if (!entry.attempted) return linked(rest(null), entries);
  const { messageId, revision } = entry;
  const gone: Entry = { ...entry, wish: { kind: "delete", messageId }, unsure: true, revision: revision + 1 };
  return linked(rest(gone), entries);
}

/**
 * The queue with an entry at another index of those that people see; what is beyond is the end. Only messages have a place
 * that counts: what is done to one may stand anywhere behind it.
 */
export function moved(entries: Entries, id: string, to: number): Entry[] {
  const entry = knownOf(entries, id);
  const shown = entries.filter(isShown);
  const others = shown.filter((each) => each !== entry);
  const order = others.toSpliced(Math.min(Math.max(to, 0), others.length), 0, entry);
  const messages = order.filter(isMessage);
  if (shown.filter(isMessage).some((was, at) => was.attempted && was !== messages[at]))
    throw new Error(MAY_HAVE_ARRIVED);
  const placeOf = (messageId: string): number =>
    order.findIndex((each) => isMessage(each) && each.id === messageId);
  if (order.some(({ messageId }, at) => placeOf(messageId) > at)) throw new Error(TOO_EARLY);
  const places = order.values();
  return linked(
    entries.map((each) => (isShown(each) ? (places.next().value as Entry) : each)),
    entries,
  );
}

/** The queue with an entry waiting again that was refused. */
export function triedAgain(entries: Entries, id: string): Entry[] {
  return changed(entries, again(knownOf(entries, id)));
}

/**
 * Lets each message of a branch continue the one that now goes before it: where one is gone, refused or moved, the next
 * continues what is left. What was attempted stays as it was asked for.
 */
export function linked(entries: Entries, before: Entries = entries): Entry[] {
  const parents = new Map(before.map((each) => [each.id, parentOf(each)]));
  const rootOf = (parent: string | undefined): string | undefined => {
    const seen = new Set<string>();
    let at = parent;
    while (at !== undefined && parents.has(at) && !seen.has(at)) {
      seen.add(at);
      at = parents.get(at);
    }
    return at;
  };
  const ends = new Map<string, string>();
  return entries.map((entry) => {
    const root = rootOf(parentOf(entry));
    if (entry.wish.kind !== "send" || root === undefined) return entry;
    const parentId = ends.get(root) ?? root;
    if (isWaiting(entry)) ends.set(root, entry.id);
    if (entry.attempted || parentId === entry.wish.parentId) return entry;
    return { ...entry, wish: { ...entry.wish, parentId }, revision: entry.revision + 1 };
  });
}

function isMessage({ wish }: Entry): boolean {
  return wish.kind === "send";
}

function parentOf({ wish }: Entry): string | undefined {
  return wish.kind === "send" ? wish.parentId : undefined;
}

function knownOf(entries: Entries, id: string): Entry {
  const entry = entries.find((each) => each.id === id);
  if (!entry) throw new Error(NOT_WAITING);
  return entry;
}

function again(entry: Entry): Entry {
  return { ...entry, reason: null, revision: entry.revision + 1 };
}

function changed(entries: Entries, entry: Entry): Entry[] {
  return entries.map((each) => (each.id === entry.id ? entry : each));
}
