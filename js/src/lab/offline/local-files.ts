// Files that were attached while the Jupyter server is away: their bytes are kept in the browser until it takes them. The
// chat sends them here as it would to the server.
import type { Reached } from "../../files/ways";
import { uuid } from "../../identifier";
import type { Opening } from "./database";
import { type Entry, type LocalFile, MOST_BYTES, NO_ROOM, sizeOf, TOO_LARGE } from "./entries";

const LOCAL = "local:";
/** What belongs to nothing that waits may be a draft of another page, for so long. */
const DRAFT_MS = 24 * 60 * 60 * 1_000;

interface Taken extends LocalFile {
  /** The bytes, while they are in the page alone. */
  parts: Uint8Array<ArrayBuffer>[];
  reached: number;
}

export interface LocalFiles {
  /** Notes a file that is about to come; throws where it would be more than is kept with what waits. */
  begin(file: { name: string; size: number }, waiting: readonly Entry[]): { path: string };
  /** Takes a piece; rejects where the browser has no room for the whole. */
  piece(piece: {
    path: string;
    start: number;
    last: boolean;
    buffers: readonly ArrayBuffer[];
  }): Promise<Reached>;
  forget(ids: Iterable<string>): Promise<void>;
  /** The files of these that were taken here. */
  described(ids: readonly string[]): LocalFile[];
  /** The bytes of a file; null where they are not there any more. */
  content(id: string): Promise<Uint8Array<ArrayBuffer> | null>;
}

/** Whether the id of a file, or the path of an upload, is one of the browser's. */
export function isLocal(id: string): boolean {
  return id.startsWith(LOCAL);
}

export function hasLocalFiles({ wish }: Pick<Entry, "wish">): boolean {
  return wish.kind === "send" && wish.files?.some(isLocal) === true;
}

export function createLocalFiles(opening: Opening, now: () => number): LocalFiles {
  const known = new Map<string, Taken>();

  /** Whether the browser keeps it; what it does not keep the page does. */
  const isWritten = async (id: string, content: Uint8Array<ArrayBuffer>): Promise<boolean> => {
    const database = await opening();
    if (!database) return false;
    try {
      await database.put("files", { at: now(), content }, id);
      return true;
    } catch (error) {
      if (error instanceof DOMException && error.name === "QuotaExceededError") throw new Error(NO_ROOM);
      return false;
    }
  };

  return {
    begin({ name, size }, waiting) {
      const inQueue = new Set(waiting.flatMap(({ files }) => files ?? []).map(({ id }) => id));
      const beside = [...known.values()].filter(({ id }) => !inQueue.has(id));
      const before = waiting.reduce((sum, each) => sum + sizeOf(each), 0);
      if (beside.reduce((sum, file) => sum + file.size, before + size) > MOST_BYTES)
        throw new Error(TOO_LARGE);
      const id = LOCAL + uuid();
      known.set(id, { ...{ id, name, size }, parts: [], reached: 0 });
      return { path: id };
    },
    async piece({ path, start, last, buffers }) {
      const file = known.get(path);
      if (!file) return { offset: -1 };
      if (start !== file.reached) return { offset: file.reached };
      for (const buffer of buffers) {
        file.parts.push(new Uint8Array(buffer));
        file.reached += buffer.byteLength;
      }
      if (!last) return { offset: file.reached };
      const content = joined(file.parts, file.reached);
      file.parts = [content];
      file.size = file.reached;
      try {
        if (await isWritten(path, content)) file.parts = [];
      } catch (error) {
        known.delete(path);
        throw error;
      }
      const { id, name, size } = file;
      return {
        offset: size,
        file: { ...{ id, name, size }, mediaType: "application/octet-stream", sha256: id },
      };
    },
    async forget(ids) {
      const all = [...ids].filter(isLocal);
      if (all.length === 0) return;
      for (const id of all) known.delete(id);
      const database = await opening();
      // What cannot be deleted now is when it is old.
      await Promise.all(all.map((id) => database?.delete("files", id))).catch(() => {});
    },
    described: (ids) =>
      ids.flatMap((each) => {
        const file = known.get(each);
        return file ? { id: file.id, name: file.name, size: file.size } : [];
      }),
    async content(id) {
      const parts = known.get(id)?.parts ?? [];
      if (parts[0]) return parts[0];
      const database = await opening();
      const found = await database?.get("files", id);
      return found ? new Uint8Array(found.content) : null;
    },
  };
}

function joined(parts: readonly Uint8Array[], size: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Deletes the bytes of files that belong to nothing that waits, and to no draft that somebody may still send. */
export async function sweepFiles(opening: Opening, now: number): Promise<void> {
  const database = await opening();
  if (!database) return;
  const transaction = database.transaction(["waiting", "files"], "readwrite");
  const old = await transaction
    .objectStore("files")
    .index("at")
    .getAllKeys(IDBKeyRange.upperBound(now - DRAFT_MS));
  if (old.length > 0) {
    const waiting = await transaction.objectStore("waiting").getAll();
    const inUse = new Set(waiting.flatMap(({ entry }) => entry?.files ?? []).map(({ id }) => id));
    const files = transaction.objectStore("files");
    await Promise.all(old.filter((id) => !inUse.has(id)).map((id) => files.delete(id)));
  }
  await transaction.done;
}

/** Returns what is told of what waits each time it changes: the bytes of what has left are deleted. */
export function followFiles(files: Pick<LocalFiles, "forget">): (entries: readonly Entry[]) => void {
  let before = new Set<string>();
  return (entries) => {
    const now = new Set(entries.flatMap((each) => each.files ?? []).map(({ id }) => id));
    const gone = [...before].filter((id) => !now.has(id));
    before = now;
    void files.forget(gone);
  };
}
