// What is looked for and what was found. It outlives its sheet: who comes back sees what they had found.
import { type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { ConversationInfo, SearchHit, SearchResult } from "../../contract";
import type { SearchOptions } from "../../kernel/messages";
import { seqOf } from "../../messages/parts";
import type { Store } from "../../store/store";
import { reasonOf } from "./reason";

export type Scope = "here" | "everywhere";
export type State = "idle" | "searching" | "done";

const PAUSE_MS = 150;
const PAGE = 20;

export interface Searching {
  readonly query: Signal<string>;
  readonly scope: ReadonlySignal<Scope>;
  readonly state: ReadonlySignal<State>;
  readonly hits: ReadonlySignal<readonly SearchHit[]>;
  readonly hasMore: ReadonlySignal<boolean>;
  /** Why it failed, in words. */
  readonly problem: Signal<string | null>;
  /** Titles of one's conversations by id, as far as they are known. */
  readonly titles: ReadonlySignal<ReadonlyMap<string, string>>;
  /** Looks for other words, once they are typed. */
  type(query: string): void;
  look(scope: Scope): void;
  /** Looks now. */
  run(): void;
  more(): void;
  /** The conversation is another one: what was found in the one before is none of its. */
  moved(conversationId: string): void;
}

const known = new WeakMap<Store, Searching>();

/** The search of a chat. */
export function searchingOf(store: Store): Searching {
  const found = known.get(store) ?? createSearching(store);
  known.set(store, found);
  return found;
}

function createSearching(store: Store): Searching {
  const query = signal("");
  const scope = signal<Scope>("here");
  const state = signal<State>("idle");
  const hits = signal<readonly SearchHit[]>([]);
  const hasMore = signal(false);
  const problem = signal<string | null>(null);
  const titles = signal<ReadonlyMap<string, string>>(new Map());
  /** Where `hits` were looked for, in a scope of one conversation. */
  let place = store.select.conversationId.value;
  let turn = 0;
  let cancel = (): void => {};

  const clear = (): void => {
    cancel();
    turn += 1;
    hits.value = [];
    hasMore.value = false;
    problem.value = null;
    state.value = "idle";
  };

  const ask = async (page: SearchOptions, before: readonly SearchHit[]): Promise<void> => {
    cancel();
    turn += 1;
    const mine = turn;
    const words = query.value.trim();
    problem.value = null;
    state.value = "searching";
    const where = scope.value === "here" ? { conversationId: place } : {};
    const options = { ...where, ...page, limit: PAGE };
    const [result, why] = await outcome<SearchResult>(store.ask({ kind: "search", query: words, options }));
    if (mine !== turn) return;
    const fresh = unseen(before, result?.hits ?? []);
    hits.value = [...before, ...fresh];
    hasMore.value = fresh.length > 0 && (result?.hasMore ?? false);
    problem.value = why;
    state.value = "done";
  };

  const learnTitles = async (): Promise<void> => {
    const list = await store.ask<ConversationInfo[]>({ kind: "conversations" }).catch(() => []);
    titles.value = new Map(
      list.map(({ conversationId, title }) => [conversationId, title || conversationId]),
    );
  };

  const run = (): void => {
    if (query.value.trim()) ask({}, []);
    else clear();
  };

  return {
    ...{ query, scope, state, hits, hasMore, problem, titles, run },
    type(next) {
      query.value = next;
      cancel();
      if (next.trim()) cancel = store.clock.after(PAUSE_MS, run);
      else clear();
    },
    look(next) {
      if (next === scope.value) return;
      scope.value = next;
      if (next === "everywhere") learnTitles();
      run();
    },
    more() {
      const last = hits.value.at(-1);
      if (last) ask(pageAfter(last, scope.value), hits.value);
    },
    moved(conversationId) {
      if (conversationId === place) return;
      place = conversationId;
      if (scope.value === "here") run();
    },
  };
}

/** What came of it, or why nothing did. */
async function outcome<Result>(asked: Promise<Result>): Promise<[result: Result | null, why: string | null]> {
  try {
    return [await asked, null];
  } catch (error) {
    return [null, reasonOf(error)];
  }
}

/** Where the next page begins. Messages of one moment may lie on both sides of a page's end, so it is asked for again. */
function pageAfter({ message }: SearchHit, scope: Scope): SearchOptions {
  if (scope === "here") return { beforeSeq: seqOf(message) };
  const time = Date.parse(message.metadata?.timestamp ?? "");
  return Number.isNaN(time) ? {} : { until: new Date(time + 1).toISOString() };
}

function unseen(before: readonly SearchHit[], hits: readonly SearchHit[]): readonly SearchHit[] {
  const ids = new Set(before.map(keyOf));
  return hits.filter((hit) => !ids.has(keyOf(hit)));
}

export function keyOf({ conversationId, message }: SearchHit): string {
  return JSON.stringify([conversationId, message.id]);
}
