import type { Signal } from "@preact/signals";

/** Adds words to a draft, in a paragraph of their own below what somebody began to write. */
export function addWords(draft: Signal<string>, words: string): void {
  const before = draft.value.trimEnd();
  draft.value = before ? `${before}\n\n${words}` : words;
}
