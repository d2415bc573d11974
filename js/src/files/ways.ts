// The two ways of a file's bytes: over HTTP through the Jupyter server, and, where that is not there or speaks for somebody
// else, in small pieces through the kernel, which leave room for the tokens on their way.
import { FILE_CHUNK_BYTES } from "../contract";
import type { Requester } from "../host/host";
import { plainLine } from "../plain";
import type { Store } from "../store/store";
import { text } from "../texts/texts";
import type { Attachment } from "./attachment";

const SERVER_PIECE_BYTES = 2 * 1024 * 1024;

export interface Reached {
  /** What the hub has; -1 where it has forgotten the upload. */
  offset: number;
  file?: Attachment;
}

export interface FileWay {
  readonly pieceBytes: number;
  /** Tells the hub of a file that is about to come; returns the path of its upload. */
  begin(file: File): Promise<string>;
  piece(path: string, start: number, content: ArrayBuffer, last: boolean): Promise<Reached>;
  forget(path: string): Promise<unknown>;
  /** Reads a file from `start` on, as far as a piece goes. */
  read(file: Attachment, start: number): Promise<ArrayBuffer>;
}

const known = new WeakMap<Store, { request: Requester | null; place: string; way: FileWay }>();

/** Returns the better way that is there; as long as nothing changed, the same one. Python alone keeps files for the hub. */
export async function wayOf(store: Store): Promise<FileWay> {
  const isLive = store.connection.value?.state === "live";
  const request = (isLive && (store.host.request ?? (await store.second?.value?.reach()))) || null;
  const place = store.chat.value?.conversationId ?? "";
  const found = known.get(store);
  if (found && found.request === request && found.place === place) return found.way;
  const way = request && place ? serverWay(request, place) : kernelWay(store);
  known.set(store, { request, place, way });
  return way;
}

export function kernelWay({ ask }: Pick<Store, "ask">): FileWay {
  return {
    pieceBytes: FILE_CHUNK_BYTES,
    async begin({ name, size }) {
      return (await ask<{ path: string }>({ kind: "fileBegin", name: name || "file", size })).path;
    },
    piece: (path, start, content, last) => ask({ kind: "filePiece", path, start, last, buffers: [content] }),
    forget: (path) => ask({ kind: "fileForget", path }),
    async read({ id, size }, start) {
      const view = await ask<DataView>({ kind: "fileRead", id, start, size });
      // A copy: the view lies in a message that would be kept whole.
      return new Uint8Array(view.buffer, view.byteOffset, view.byteLength).slice().buffer;
    },
  };
}

/** The hub's resumable uploads (IETF draft-ietf-httpbis-resumable-upload), and its files by ranges. */
export function serverWay(request: Requester, conversationId: string): FileWay {
  return {
    pieceBytes: SERVER_PIECE_BYTES,
    async begin({ name, size }) {
      const query = new URLSearchParams({ conversationId, name: name || "file" });
      const headers = { "Upload-Complete": "?0", "Upload-Length": String(size) };
      const answer = await request(`files?${query}`, { method: "POST", headers });
      await refused(answer);
      const { id } = (await answer.json()) as { id: string };
      return `files/uploads/${id}`;
    },
    async piece(path, start, content, last) {
      const headers = { "Upload-Offset": String(start), "Upload-Complete": last ? "?1" : "?0" };
      const answer = await request(path, { method: "PATCH", headers, body: content });
      const offset = Number(answer.headers.get("Upload-Offset") ?? -1);
      if (answer.status === 404) return { offset: -1 };
      if (answer.status === 409) return { offset };
      await refused(answer);
      return answer.status === 200 ? { offset, file: (await answer.json()) as Attachment } : { offset };
    },
    forget: (path) => request(path, { method: "DELETE" }),
    async read({ id, size }, start) {
      const stop = Math.min(start + SERVER_PIECE_BYTES, size);
      const answer = await request(`files/${id}`, { headers: { Range: `bytes=${start}-${stop - 1}` } });
      await refused(answer);
      if (answer.status !== 206) throw new Error(text("attach.stalled"));
      return answer.arrayBuffer();
    },
  };
}

/** Throws what the hub, or the server on the way to it, says against the request, in its words. */
async function refused(answer: Response): Promise<void> {
  if (answer.ok) return;
  const said = await answer.json().catch(() => null);
  const { error, message } = Object(said);
  throw new Error(plainLine(String(error ?? message ?? text("attach.stalled"))));
}
