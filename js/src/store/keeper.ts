// What was typed outlives the page: drafts and messages that were not sent, in the tab's own storage. Never in the
// notebook, and never in another tab.
import type { SendOptions } from "../kernel/messages";

/** An own message that nobody has confirmed. */
export interface Kept {
  id: string;
  text: string;
  /** Which model is to answer it, as `choiceText` writes it. */
  choice?: string;
  options?: SendOptions;
}

export interface Keeper {
  draft(place: string): string;
  keepDraft(place: string, text: string): void;
  /** The model chosen for a conversation, as `choiceText` writes it. */
  choice(place: string): string;
  keepChoice(place: string, text: string): void;
  /** The branches that were chosen in a conversation: id of a message → id of the one shown after it. */
  branches(place: string): Record<string, string>;
  keepBranches(place: string, choices: Readonly<Record<string, string>>): void;
  /** Messages whose deletion waits for a change of mind: id → when it is sent, in epoch ms. */
  deletions(place: string): Record<string, number>;
  keepDeletions(place: string, waiting: Readonly<Record<string, number>>): void;
  unsent(place: string): Kept[];
  keepUnsent(place: string, message: Kept): void;
  forget(place: string, id: string): void;
}

type TextStorage = Pick<Storage, "getItem" | "setItem" | "removeItem">;

const PREFIX = "conduit-widget:";
/** More than a message may have is no loss worth the room. */
const MAX_DRAFT_CHARS = 64 * 1024;
/** Most messages kept for one place; the newest are refused. */
const MAX_UNSENT = 50;
/** Most choices and deletions kept for one place; the oldest are dropped. */
const MAX_ENTRIES = 200;

/** Where something was typed: a conversation, and who one is in it. */
export function placeOf(conversationId: string, userId: string): string {
  return JSON.stringify([conversationId, userId]);
}

/** Keeps things in `storage`; where it is denied or full, nothing is kept and nothing fails. */
export function createKeeper(storage: TextStorage | null = tabStorage()): Keeper {
  const read = (key: string): string | null => {
    try {
      return storage?.getItem(PREFIX + key) ?? null;
    } catch {
      return null; // denied: the page goes on as it would without a storage
    }
  };
  const write = (key: string, value: string): void => {
    try {
      if (value) storage?.setItem(PREFIX + key, value);
      else storage?.removeItem(PREFIX + key);
    } catch {
      // Denied or full: what is typed lives as long as the page.
    }
  };
  const record = <V extends string | number>(key: string, type: "string" | "number"): Record<string, V> => {
    try {
      const found: unknown = JSON.parse(read(key) ?? "{}");
      const entries = Object.entries(Object(found) as object);
      return Object.fromEntries(entries.filter(([, value]) => typeof value === type)) as Record<string, V>;
    } catch {
      return {}; // not ours
    }
  };
  const writeRecord = (key: string, values: Readonly<Record<string, string | number>>): void => {
    const entries = Object.entries(values).slice(-MAX_ENTRIES);
    write(key, entries.length > 0 ? JSON.stringify(Object.fromEntries(entries)) : "");
  };
  const unsent = (place: string): Kept[] => {
    try {
      const found: unknown = JSON.parse(read(`unsent:${place}`) ?? "[]");
      return Array.isArray(found) ? found.filter(isKept).slice(0, MAX_UNSENT) : [];
    } catch {
      return []; // not ours
    }
  };
  const writeUnsent = (place: string, list: readonly Kept[]): void =>
    write(`unsent:${place}`, list.length > 0 ? JSON.stringify(list) : "");

  return {
    draft: (place) => read(`draft:${place}`) ?? "",
    keepDraft: (place, text) => write(`draft:${place}`, text.length > MAX_DRAFT_CHARS ? "" : text),
    choice: (place) => read(`choice:${place}`) ?? "",
    keepChoice: (place, text) => write(`choice:${place}`, text),
    branches: (place) => record(`branches:${place}`, "string"),
    keepBranches: (place, choices) => writeRecord(`branches:${place}`, choices),
    deletions: (place) => record(`deletions:${place}`, "number"),
    keepDeletions: (place, waiting) => writeRecord(`deletions:${place}`, waiting),
    unsent,
    keepUnsent(place, { id, text, choice, options = {} }) {
      const known = unsent(place);
      if (known.length >= MAX_UNSENT || known.some((each) => each.id === id)) return;
      const extras = Object.keys(options).length > 0 && { options };
      writeUnsent(place, [...known, { id, text, ...(choice && { choice }), ...extras }]);
    },
    forget(place, id) {
      const known = unsent(place);
      const left = known.filter((each) => each.id !== id);
      if (left.length < known.length) writeUnsent(place, left);
    },
  };
}

/** The tab's own storage; null where it is denied. */
export function tabStorage(): TextStorage | null {
  try {
    return globalThis.sessionStorage ?? null;
  } catch {
    return null;
  }
}

function isKept(value: unknown): value is Kept {
  return (
    typeof value === "object" &&
    value !== null &&
    "id" in value &&
    typeof value.id === "string" &&
    "text" in value &&
    typeof value.text === "string" &&
    (!("choice" in value) || typeof value.choice === "string") &&
    (!("options" in value) || (typeof value.options === "object" && value.options !== null))
  );
}
