// Files on their way down, in pieces; what was fetched is kept for a while.
import { FILE_CHUNK_BYTES } from "../contract";
import type { Store } from "../store/store";
import { text } from "../texts/texts";
import type { Attachment } from "./attachment";
import { type FileWay, wayOf } from "./ways";

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
  const way = await wayOf(store);
  const parts: ArrayBuffer[] = [];
  for (let start = 0; start < file.size; ) {
    const piece = await readPiece(store, way, file, start);
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
  if (found) return new Uint8Array(await found.slice(0, FILE_CHUNK_BYTES).arrayBuffer());
  return file.size === 0
    ? new Uint8Array()
    : new Uint8Array(await readPiece(store, await wayOf(store), file, 0));
}

async function readPiece(store: Store, way: FileWay, file: Attachment, start: number): Promise<ArrayBuffer> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await way.read(file, start);
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
