import type { ChatMessage } from "../../contract";
import { textOf } from "../../messages/parts";

const FENCE = /^ {0,3}(`{3,}|~{3,})(.*)$/;

/** The last block of code of the newest message that has one; null where none does. */
export function newestCode(messages: readonly ChatMessage[]): string | null {
  for (const message of messages.toReversed()) {
    const code = lastBlock(textOf(message));
    if (code !== null) return code;
  }
  return null;
}

/** The last block between two fences, found in one go: a text may have half a million characters. */
function lastBlock(text: string): string | null {
  let found: string | null = null;
  let fence = "";
  let lines: string[] = [];
  for (const line of text.split("\n")) {
    const [, mark = "", rest = ""] = FENCE.exec(line) ?? [];
    if (!fence) {
      fence = mark.startsWith("`") && rest.includes("`") ? "" : mark;
      lines = [];
    } else if (mark.startsWith(fence) && !rest.trim()) {
      found = lines.join("\n");
      fence = "";
    } else lines.push(line);
  }
  return found;
}
