import { createContext } from "preact";

/** Whether the text around may still grow. */
export const Growing = createContext(false);

const END = /\n[ \t>]*(?:`{3,}|~{3,})[ \t]*\n*$/;

/** Whether a fenced block, as it was written, has its closing fence. */
export function hasClosingFence(raw: string): boolean {
  return END.test(raw);
}
