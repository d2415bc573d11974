import type { ChatMessage } from "../../contract";
import { textOf } from "../../messages";

const FENCED = /^ {0,3}(`{3,}|~{3,})[^\n]*\n([\s\S]*?)\n? {0,3}\1[`~]* *$/gm;

/** The last block of code of the newest message that has one; null where none does. */
export function newestCode(messages: readonly ChatMessage[]): string | null {
  for (const message of messages.toReversed()) {
    const [, , code] = [...textOf(message).matchAll(FENCED)].at(-1) ?? [];
    if (code !== undefined) return code;
  }
  return null;
}
