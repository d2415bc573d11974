// What goes along with the draft: the variables that it names, as they were described and perhaps edited.
import { effect, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { mentionables } from "../composing/mentionables";
import { plainName } from "../plain";
import type { Store } from "../store/store";
import { contextNames, FILE, settledNames } from "./context-mentions";
import { bytesOf, CONTEXT_BYTES, type Described, MOST_ITEMS, type Variable } from "./described";
import { hasVariables } from "./has-variables";

const TYPING_MS = 300;
const LISTED_MS = 3_000;
/** A kernel that runs a cell answers when it ends: no message is held for that. Less than TYPING_MS: the draft is away. */
const PATIENCE_MS = 250;

export interface ContextItem {
  readonly name: string;
  /** Null while it is being read. */
  readonly described: Described | null;
  /** Somebody does not want it to go along. */
  readonly left: boolean;
}

export interface ContextDraft {
  /** In the order in which they were named. */
  readonly items: ReadonlySignal<readonly ContextItem[]>;
  /** What can be named, as far as it was asked for. */
  readonly variables: ReadonlySignal<readonly Variable[]>;
  /** Why the kernel tells nothing of its variables. */
  readonly refusal: ReadonlySignal<string | null>;
  /** Asks what can be named, for what stands after the "@". */
  look(query: string): void;
  leaveOut(name: string): void;
  edit(name: string, text: string): void;
  readAgain(name: string): void;
  /** Names that mean nothing here, once somebody has written on after them. */
  readonly unknown: ReadonlySignal<readonly string[]>;
  /** Names for which no place is left among those that go along. */
  readonly over: ReadonlySignal<readonly string[]>;
  /** What of the text the sender has not been told before this call; waits a moment for those under way. */
  unseen(text: string): Promise<Unseen>;
  /** What goes along with the text, and forgets it. */
  take(text: string): Described[];
}

export interface Unseen {
  /** They go along, as they are shown now. */
  readonly fresh: readonly string[];
  /** Nobody has said yet what they are; sent now, the message goes without them. */
  readonly unread: readonly string[];
  /** There is no place for them. */
  readonly over: readonly string[];
}

type Needs = Pick<Store, "ask" | "chat" | "draft" | "select" | "clock">;

const drafts = new WeakMap<object, ContextDraft>();

/** The context of a store's draft; there is one. */
export function contextDraft(store: Needs): ContextDraft {
  const known = drafts.get(store) ?? createContextDraft(store);
  drafts.set(store, known);
  return known;
}

function createContextDraft(store: Needs): ContextDraft {
  const items: Signal<readonly ContextItem[]> = signal([]);
  const variables = signal<readonly Variable[]>([]);
  const refusal = signal<string | null>(null);
  /** Names that mean nothing in the kernel, as long as they stand in the draft. */
  let absent = new Set<string>();
  /** Names of which the sender was told that the message goes without them. */
  let told = new Set<string>();
  const over = signal<readonly string[]>([]);
  const unknown = signal<readonly string[]>([]);
  let reading = Promise.resolve();
  /** Counts the drafts: what is told of one that was sent says nothing of the next. */
  let sent = 0;
  let listed = { query: "", at: 0 };
  let cancel = (): void => {};

  const wanted = (text: string): string[] => {
    const people = new Set(mentionables(store).map(({ name }) => name.toLowerCase()));
    return contextNames(text).filter((name) => !people.has(name.toLowerCase()));
  };
  const change = (name: string, part: Partial<ContextItem>): void => {
    items.value = items.value.map((item) => (item.name === name ? { ...item, ...part } : item));
  };

  const noteUnknown = (): void => {
    const nothing = absent.size > 0 && !refusal.value ? settledNames(store.draft.peek()) : [];
    unknown.value = nothing.filter((name) => absent.has(name) && !isSomebody(name, store));
  };

  const read = async (names: readonly string[]): Promise<void> => {
    if (hasVariables(store)) await askFor(names);
    else names.forEach(drop);
  };
  const askFor = async (names: readonly string[]): Promise<void> => {
    const before = sent;
    const left = items.value.reduce(
      (room, { described, left }) => room - (described && !left ? bytesOf(described) : 0),
      CONTEXT_BYTES,
    );
    let found: Described[] = [];
    let why: string | null = null;
    try {
      found = await store.ask<Described[]>({ kind: "context", names, left: Math.max(0, left) });
    } catch (error) {
      why = error instanceof Error ? error.message : String(error);
    }
    if (before !== sent) return;
    refusal.value = why;
    for (const name of names) {
      const described = found.find((each) => each.name === name);
      if (described) change(name, { described });
      else drop(name);
    }
  };
  const drop = (name: string): void => {
    absent.add(name);
    items.value = items.value.filter((item) => item.name !== name);
  };

  /** Reads what the text names and is not known yet; forgets what it names no more. */
  const follow = (text: string): Promise<void> => {
    cancel();
    const names = wanted(text);
    absent = new Set([...absent].filter((name) => names.includes(name)));
    told = new Set([...told].filter((name) => names.includes(name)));
    if (names.length === 0) refusal.value = null;
    const kept = items.value.filter(({ name }) => names.includes(name));
    const known = new Set(kept.map(({ name }) => name));
    const wished = names.filter((name) => !known.has(name) && !absent.has(name));
    const fresh = wished.slice(0, MOST_ITEMS - kept.filter(({ left }) => !left).length);
    over.value = wished.slice(fresh.length);
    if (kept.length !== items.value.length || fresh.length > 0)
      items.value = [...kept, ...fresh.map((name) => ({ name, described: null, left: false }))];
    noteUnknown();
    if (fresh.length > 0) reading = Promise.all([reading, read(fresh)]).then(noteUnknown);
    return reading;
  };

  const soon = (work: Promise<void>): Promise<void> =>
    new Promise((resolve) => {
      const cancelWait = store.clock.after(PATIENCE_MS, resolve);
      void work.then(() => {
        cancelWait();
        resolve();
      });
    });

  effect(() => {
    const text = store.draft.value;
    cancel();
    if (!text.includes("@")) unknown.value = [];
    if (text.includes("@") || items.peek().length + absent.size + told.size > 0)
      cancel = store.clock.after(TYPING_MS, () => void follow(text));
  });

  return {
    items,
    variables,
    refusal,
    over,
    unknown,
    look(query) {
      const asked = query.startsWith(FILE) ? query : "";
      const now = store.clock.now();
      if (asked === listed.query && now - listed.at < LISTED_MS) return;
      listed = { query: asked, at: now };
      store
        .ask<Variable[]>({ kind: "variables", query: asked })
        .catch(() => []) // people and models can still be named
        .then((found) => {
          if (listed.query === asked) variables.value = found;
        });
    },
    leaveOut(name) {
      change(name, { left: true });
      void follow(store.draft.peek());
    },
    edit(name, text) {
      const described = items.value.find((item) => item.name === name)?.described;
      if (described) change(name, { described: { ...described, text } });
    },
    readAgain(name) {
      change(name, { described: null, left: false });
      reading = Promise.all([reading, read([name])]).then(() => {});
    },
    async unseen(text) {
      const seen = new Set(items.value.filter(({ described }) => described).map(({ name }) => name));
      const overSeen = new Set(over.value);
      await soon(follow(text));
      const going = items.value.filter(({ left }) => !left);
      const unread = going.flatMap(({ name, described }) => (described || told.has(name) ? [] : [name]));
      for (const name of unread) told.add(name);
      return {
        fresh: going.flatMap(({ name, described }) => (described && !seen.has(name) ? [name] : [])),
        unread,
        over: over.value.filter((name) => !overSeen.has(name)),
      };
    },
    take(text) {
      const names = new Set(wanted(text));
      const going = items.value.flatMap(({ name, described, left }) =>
        described && !left && !described.problem && names.has(name) ? [described] : [],
      );
      cancel();
      sent += 1;
      items.value = [];
      over.value = [];
      unknown.value = [];
      absent = new Set();
      told = new Set();
      listed = { query: "", at: 0 };
      return going;
    },
  };
}

/** Whether a name is, or begins, that of a person who is or was here, or of a model: "Ada" of "Ada Lovelace". */
function isSomebody(name: string, store: Needs): boolean {
  const { participants, messages } = store.select;
  const names = [
    ...mentionables(store).map((each) => each.name),
    ...participants.value.map(({ userName }) => userName),
    ...messages.value.map(({ author }) => author?.userName ?? ""),
  ];
  const wanted = name.toLowerCase();
  return names.some((each) => {
    const known = plainName(each).toLowerCase();
    return known.startsWith(wanted) && !/^[\p{L}\p{N}_]/u.test(known.slice(wanted.length));
  });
}
