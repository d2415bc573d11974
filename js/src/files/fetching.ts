// Files on their way down, over the widget's own way to the kernel; what was fetched is kept for a while.
import type { Store } from "../store";
import { text } from "../texts/texts";
import { PIECE_BYTES } from "./attaching";
import type { Attachment } from "./attachment";

/** What is kept of files already fetched. */
const MOST_KEPT_BYTES = 64 * 1024 * 1024;
const ATTEMPTS = 4;
const RETRY_MS = 1_500;

const kept = new Map<string, Blob>();

/** Keeps a file that this page has anyway, so that it is not fetched. */
export function keep(file: Attachment, blob: Blob): void {
  kept.delete(file.sha256);
  kept.set(file.sha256, blob);
  let size = 0;
  for (const each of kept.values()) size += each.size;
  for (const [key, each] of kept) {
    if (size <= MOST_KEPT_BYTES) break;
    kept.delete(key);
    size -= each.size;
  }
}

export function isKept(file: Attachment): boolean {
  return kept.has(file.sha256);
}

/** Fetches a whole file, piece after piece, and checks it. Rejects with an Error in plain words. */
export async function fetchFile(
  store: Store,
  file: Attachment,
  progress: (bytes: number) => void = () => {},
): Promise<Blob> {
  const found = kept.get(file.sha256);
  if (found) return found;
  const parts: ArrayBuffer[] = [];
  for (let start = 0; start < file.size; ) {
    const piece = await readPiece(store, file, start);
    if (piece.byteLength === 0) throw damaged(file); // shorter than the hub said
    parts.push(piece);
    start += piece.byteLength;
    progress(start);
  }
  const blob = new Blob(parts, { type: file.mediaType });
  if (!(await isWhole(blob, file.sha256))) throw damaged(file);
  keep(file, blob);
  return blob;
}

function damaged({ name }: Attachment): Error {
  return new Error(text("attach.damaged", { name }));
}

/** Fetches how a file begins. */
export async function fetchHead(store: Store, file: Attachment): Promise<Uint8Array> {
  const found = kept.get(file.sha256);
  if (found) return new Uint8Array(await found.slice(0, PIECE_BYTES).arrayBuffer());
  return file.size === 0 ? new Uint8Array() : new Uint8Array(await readPiece(store, file, 0));
}

async function readPiece(store: Store, file: Attachment, start: number): Promise<ArrayBuffer> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const view = await store.ask<DataView>({ kind: "fileRead", id: file.id, start, size: file.size });
      // A copy: the view lies in a message that would be kept whole.
      return new Uint8Array(view.buffer, view.byteOffset, view.byteLength).slice().buffer;
    } catch (error) {
      if (attempt >= ATTEMPTS) throw error;
      await new Promise((resolve) => store.clock.after(RETRY_MS * attempt, () => resolve(null)));
    }
  }
}

/** Whether a file has the content that the hub named; where the page cannot tell, it is believed. */
async function isWhole(blob: Blob, sha256: string): Promise<boolean> {
  const subtle = globalThis.crypto?.subtle;
  if (!subtle) return true;
  const digest = new Uint8Array(await subtle.digest("SHA-256", await blob.arrayBuffer()));
  return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("") === sha256;
}
