// The files of a message that waits go up before it: it is sent with the ids that they get there.
import { FILE_CHUNK_BYTES } from "../../contract";
import type { Reached } from "../../files/ways";
import type { Reply } from "../../kernel/messages";
import { type Entry, type LocalFile, NO_FILE, NOT_TAKEN } from "./entries";
import { isLocal, type LocalFiles } from "./local-files";

const ATTEMPTS = 5;

export interface Uploading {
  content: LocalFiles["content"];
  /** Asks the server; rejects where the way is lost before the answer. */
  ask(request: object): Promise<Reply>;
}

/** Why the server does not take a file. */
class RefusedError extends Error {}

export type Uploaded = { ids: readonly string[] } | { refusal: string };

/** Uploads what is not up yet; rejects where the way is lost: nothing has been sent then. */
export async function uploadFiles({ wish, files = [] }: Entry, uploading: Uploading): Promise<Uploaded> {
  if (wish.kind !== "send") return { ids: [] };
  try {
    const ids: string[] = [];
    for (const id of wish.files ?? []) {
      const file = files.find((each) => each.id === id) ?? { id, name: "file", size: 0 };
      ids.push(isLocal(id) ? await upload(file, uploading) : id);
    }
    return { ids };
  } catch (error) {
    if (error instanceof RefusedError) return { refusal: error.message };
    throw error;
  }
}

async function upload({ id, name }: LocalFile, { content, ask }: Uploading): Promise<string> {
  const bytes = await content(id);
  if (!bytes) throw new RefusedError(NO_FILE);
  const size = bytes.length;
  const begin = async (): Promise<string> => {
    const begun = (await answered(ask({ kind: "fileBegin", name, size }))) as { path: string };
    return begun.path;
  };
  let path = await begin();
  for (let start = 0, failures = 0; failures < ATTEMPTS; ) {
    const stop = Math.min(start + FILE_CHUNK_BYTES, size);
    const buffers = [bytes.slice(start, stop).buffer];
    const piece = { kind: "filePiece", path, start, last: stop === size, buffers };
    const { offset, file } = (await answered(ask(piece))) as Reached;
    if (file) return file.id;
    failures = offset > start ? 0 : failures + 1;
    if (offset >= 0) start = offset;
    else if (failures < ATTEMPTS) [path, start] = [await begin(), 0]; // the hub has forgotten it
  }
  throw new RefusedError(NOT_TAKEN);
}

async function answered(asking: Promise<Reply>): Promise<unknown> {
  const reply = await asking;
  if (!reply.ok) throw new RefusedError(reply.error.message);
  return reply.result;
}
