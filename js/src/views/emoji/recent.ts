// Which emoji were chosen lately, in the browser's own storage.

const KEY = "conduit-widget:emoji";
const MOST = 16;
/** Longer than any emoji: what is more is not ours. */
const LONGEST = 32;

type TextStorage = Pick<Storage, "getItem" | "setItem">;

/** The newest first; nothing where storage is denied. */
export function recentEmoji(storage: TextStorage | null = pageStorage()): string[] {
  try {
    const found: unknown = JSON.parse(storage?.getItem(KEY) ?? "[]");
    if (!Array.isArray(found)) return [];
    return found
      .filter((each): each is string => typeof each === "string" && each.length <= LONGEST)
      .slice(0, MOST);
  } catch {
    return []; // not ours, or denied
  }
}

/** Remembers a choice; where storage is denied or full, nothing is remembered and nothing fails. */
export function rememberEmoji(emoji: string, storage: TextStorage | null = pageStorage()): void {
  const list = [emoji, ...recentEmoji(storage).filter((each) => each !== emoji)].slice(0, MOST);
  try {
    storage?.setItem(KEY, JSON.stringify(list));
  } catch {
    // Denied or full.
  }
}

function pageStorage(): TextStorage | null {
  try {
    return globalThis.localStorage ?? null;
  } catch {
    return null;
  }
}
