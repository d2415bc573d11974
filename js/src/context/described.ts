// What a model is told of a variable, as the kernel describes it (conduit_widget/context/described.py).

export interface Described {
  name: string;
  kind: "table" | "array" | "plot" | "text" | "code" | "cell" | "error" | "file" | "value";
  title: string;
  text: string;
  /** A picture as a `data:` URL. */
  image: string | null;
  /** How much was left out; empty for nothing. */
  cut: string;
  /** The kinds of secrets that were replaced. */
  masked: readonly string[];
  /** Why there is nothing; empty where there is something. */
  problem: string;
  /** The title for other languages. */
  said?: { key: string; values: Record<string, string | number> } | null;
}

/** Something that can be named: its type and, where they are quickly known, its shape and size. */
export interface Variable {
  name: string;
  type: string;
  shape: string;
  size: string;
}

/** The most that goes with one message, in bytes: conduit_widget/context/described.py. */
export const CONTEXT_BYTES = 20 * 1024;
export const MOST_ITEMS = 8;

export function bytesOf({ text, image }: Pick<Described, "text" | "image">): number {
  return new TextEncoder().encode(text).length + (image?.length ?? 0);
}
