import type { QueuedItem } from "../../contract";

/** The text of what waits; a very long one is shown in part. */
export function wordsOf({ text, isCut }: QueuedItem): string {
  return isCut ? `${text}…` : text;
}
