// Lines that begin with a slash and tell the chat to do something.

export const COMMANDS = [
  "model",
  "system",
  "clear",
  "search",
  "export",
  "title",
  "assistant",
  "help",
] as const;
export type CommandName = (typeof COMMANDS)[number];

/** Commands that do nothing without more words; the others run as they are. */
export const NEEDS_WORDS: ReadonlySet<CommandName> = new Set(["title", "assistant"]);

/** Commands that only a kernel can do which knows of the conversation as a whole. */
export const NEEDS_CONVERSATION: ReadonlySet<CommandName> = new Set([
  "search",
  "export",
  "title",
  "assistant",
]);

export const ASSISTANT_SETTINGS = ["always", "mention", "off"] as const;
export const EXPORT_FORMATS = ["markdown", "json", "html", "ipynb"] as const;

/** What a draft is: text to send, a command with its words, or what looks like one and is none. */
export type Draft =
  | { kind: "text"; text: string }
  | { kind: "command"; name: CommandName; words: string }
  | { kind: "unknown"; name: string };

/** Reads a draft. `//…` is the text `/…`; a leading space or a path (`/usr/bin is…`) is text as well. */
export function readDraft(draft: string): Draft {
  if (draft.startsWith("//")) return { kind: "text", text: draft.slice(1) };
  const [, name, words] = /^\/([\p{L}\p{N}_-]+)(?:\s+([\s\S]*))?$/u.exec(draft.trimEnd()) ?? [];
  if (name === undefined) return { kind: "text", text: draft };
  const known = COMMANDS.find((each) => each === name.toLowerCase());
  return known ? { kind: "command", name: known, words: (words ?? "").trim() } : { kind: "unknown", name };
}

/** The known word that `words` is, or the only one that begins with it. */
export function oneOf<Word extends string>(words: string, known: readonly Word[]): Word | null {
  const asked = words.toLowerCase();
  const exact = known.find((each) => each.toLowerCase() === asked);
  if (exact || !asked) return exact ?? null;
  const begun = known.filter((each) => each.toLowerCase().startsWith(asked));
  return begun.length === 1 ? (begun[0] ?? null) : null;
}
