// What a person set for themselves outlives the tab: in the browser's own storage, never in the notebook.

type TextStorage = Pick<Storage, "getItem" | "setItem" | "removeItem">;

const PREFIX = "conduit-widget:";

/** Texts by name; where the storage is denied or full, nothing is kept and nothing fails. */
export interface Settings {
  read(name: string): string;
  /** Keeps a text; an empty one is forgotten. */
  keep(name: string, text: string): void;
}

export function createSettings(storage: TextStorage | null = browserStorage()): Settings {
  return {
    read(name) {
      try {
        return storage?.getItem(PREFIX + name) ?? "";
      } catch {
        return ""; // denied: the defaults hold
      }
    },
    keep(name, text) {
      try {
        if (text) storage?.setItem(PREFIX + name, text);
        else storage?.removeItem(PREFIX + name);
      } catch {
        // Denied or full: it lives as long as the page.
      }
    },
  };
}

function browserStorage(): TextStorage | null {
  try {
    return globalThis.localStorage ?? null;
  } catch {
    return null;
  }
}
