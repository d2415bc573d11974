// What goes along with the draft: the variables that it names, as they were described and perhaps edited.
import { effect, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { mentionables } from "../composing/mentionables";
import type { Store } from "../store";
import { contextNames, FILE } from "./context-mentions";
import { bytesOf, CONTEXT_BYTES, type Described, MOST_ITEMS, type Variable } from "./described";
import { pageUser } from "./page-user";

const TYPING_MS = 300;
const LISTED_MS = 3_000;

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
  /** The names of the text that go along and were not seen before this call; waits for those under way. */
  unseen(text: string): Promise<string[]>;
  /** What goes along with the text, and forgets it. */
  take(text: string): Described[];
}

type Needs = Pick<Store, "ask" | "draft" | "select" | "clock">;

const drafts = new WeakMap<object, ContextDraft>();

/** The context of a store's draft; there is one. */
export function contextDraft(store: Needs): ContextDraft {
  const known = drafts.get(store) ?? createContextDraft(store);
  drafts.set(store, known);
  return known;
}

export function createContextDraft(
  store: Needs,
  user: () => Promise<string | undefined> = pageUser,
): ContextDraft {
  const items: Signal<readonly ContextItem[]> = signal([]);
  const variables = signal<readonly Variable[]>([]);
  const refusal = signal<string | null>(null);
  /** Names that mean nothing in the kernel, as long as they stand in the draft. */
  let absent = new Set<string>();
  let reading = Promise.resolve();
  let listed = { query: "", at: Number.NEGATIVE_INFINITY };
  let cancel = (): void => {};

  const wanted = (text: string): string[] => {
    const people = new Set(mentionables(store).map(({ name }) => name.toLowerCase()));
    return contextNames(text).filter((name) => !people.has(name.toLowerCase()));
  };
  const change = (name: string, part: Partial<ContextItem>): void => {
    items.value = items.value.map((item) => (item.name === name ? { ...item, ...part } : item));
  };
  const claim = async (): Promise<{ user?: string }> => {
    const id = await user();
    return id === undefined ? {} : { user: id };
  };

  const read = async (names: readonly string[]): Promise<void> => {
    const used = items.value.reduce(
      (sum, { described, left }) => sum + (described && !left ? bytesOf(described) : 0),
      0,
    );
    try {
      const left = Math.max(0, CONTEXT_BYTES - used);
      const found = await store.ask<Described[]>({
        ...{ kind: "context", names, left },
        ...(await claim()),
      });
      refusal.value = null;
      for (const name of names) {
        const described = found.find((each) => each.name === name);
        if (described) change(name, { described });
        else drop(name);
      }
    } catch (error) {
      refusal.value = error instanceof Error ? error.message : String(error);
      for (const name of names) drop(name);
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
    if (names.length === 0) refusal.value = null;
    const kept = items.value.filter(({ name }) => names.includes(name));
    const known = new Set(kept.map(({ name }) => name));
    const fresh = names
      .filter((name) => !known.has(name) && !absent.has(name))
      .slice(0, MOST_ITEMS - kept.length);
    if (kept.length !== items.value.length || fresh.length > 0)
      items.value = [...kept, ...fresh.map((name) => ({ name, described: null, left: false }))];
    if (fresh.length > 0) reading = Promise.all([reading, read(fresh)]).then(() => {});
    return reading;
  };

  effect(() => {
    const text = store.draft.value;
    cancel();
    if (text.includes("@") || items.peek().length > 0)
      cancel = store.clock.after(TYPING_MS, () => void follow(text));
  });

  return {
    items,
    variables,
    refusal,
    look(query) {
      const asked = query.startsWith(FILE) ? query : "";
      const now = store.clock.now();
      if (asked === listed.query && now - listed.at < LISTED_MS) return;
      listed = { query: asked, at: now };
      void claim()
        .then((who) => store.ask<Variable[]>({ kind: "variables", query: asked, ...who }))
        .then(
          (found) => {
            if (listed.query === asked) variables.value = found;
          },
          () => {
            variables.value = []; // people and models can still be named
          },
        );
    },
    leaveOut: (name) => change(name, { left: true }),
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
      await follow(text);
      return items.value.filter(({ name, left }) => !seen.has(name) && !left).map(({ name }) => name);
    },
    take(text) {
      const names = new Set(wanted(text));
      const going = items.value.flatMap(({ name, described, left }) =>
        described && !left && !described.problem && names.has(name) ? [described] : [],
      );
      cancel();
      items.value = [];
      absent = new Set();
      listed = { query: "", at: Number.NEGATIVE_INFINITY };
      return going;
    },
  };
}
