// Hands a file to the kernel, which reads it and brings in one conversation after the other.
import type { Store } from "../../store/store";
import { text } from "../../texts/texts";

/** What became of a conversation of the file. */
export interface Brought {
  title: string;
  conversationId: string | null;
  messages: number;
  existed: boolean;
  problem: string | null;
}

interface Progress {
  /** How much of the file has arrived, from 0 to 1. */
  sent(part: number): void;
  reading(): void;
  /** A conversation has been brought in, or could not be; so many are left. */
  done(brought: Brought, left: number): void;
}

const SLICE = 192 * 1024;
export const MAX_BYTES = 32 * 1024 * 1024;

/** Brings in a file until `signal` aborts. Rejects with an Error in plain words. */
export async function bringIn(
  store: Store,
  file: Blob,
  signal: AbortSignal,
  progress: Progress,
): Promise<void> {
  if (file.size > MAX_BYTES) throw new Error(text("files.tooLarge", { count: MAX_BYTES / 2 ** 20 }));
  const id = await store.ask<string>({ kind: "import", action: "begin", size: file.size });
  try {
    for (let at = 0; at < file.size; at += SLICE) {
      if (signal.aborted) return;
      progress.sent(at / file.size);
      const data = base64(new Uint8Array(await file.slice(at, at + SLICE).arrayBuffer()));
      await store.ask({ kind: "import", action: "part", id, at, data });
    }
    progress.reading();
    await store.ask({ kind: "import", action: "read", id });
    for (let left = 1; left > 0 && !signal.aborted; ) {
      const next = await store.ask<{ left: number; conversation: Brought }>({
        kind: "import",
        action: "next",
        id,
      });
      left = next.left;
      progress.done(next.conversation, left);
    }
  } finally {
    store.ask({ kind: "import", action: "forget", id }).catch(() => {});
  }
}

function base64(bytes: Uint8Array): string {
  let characters = "";
  for (const byte of bytes) characters += String.fromCharCode(byte);
  return btoa(characters);
}
