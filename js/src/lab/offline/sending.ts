// Sends what waits, in order, each once: one page of a browser at a time.
import type { Reply } from "../../kernel/messages";
import { alone } from "./alone";
import type { Place } from "./database";
import { type Entry, isShown, isWaiting, type Wish } from "./entries";
import { hasLocalFiles } from "./local-files";
import { attempted, refused, settled, unheard, uploaded } from "./outcomes";
import type { BrowserQueue } from "./queue";
import { type Uploading, uploadFiles } from "./uploading";

/** Asks the server; rejects where the way there is lost before it answers. */
export type Ask = (wish: Wish) => Promise<Reply>;

/** The way was lost before anything was asked. */
export class NotAskedError extends Error {}

/** What the hub says of a message that it does not have. */
const NOT_THERE = "Unauthorized";
const NO_FILES: Uploading = {
  content: async () => null,
  ask: () => Promise.reject(new NotAskedError("There is no way for files.")),
};
/** After that time one that may be on its way still is looked for once more. */
const LATE_MS = 2_000;

/** Sends until nothing waits or the way is lost. Another page of the same person that sends is waited for. */
export async function sendAll(
  queue: BrowserQueue,
  place: Place,
  ask: Ask,
  signal: AbortSignal,
  uploading: Uploading = NO_FILES,
): Promise<void> {
  await queue.read();
  if (!queue.first()) return;
  const askHere: Ask = async (wish) => {
    if (signal.aborted) throw new NotAskedError("Whoever asks has left.");
    return unlessAborted(ask(wish), signal);
  };
  const uploadingHere: Uploading = {
    ...uploading,
    ask: (request) => unlessAborted(uploading.ask(request), signal),
  };
  const send = async (): Promise<void> => {
    await queue.read(); // another page may have sent it meanwhile
    while (!signal.aborted && (await sendFirst(queue, askHere, signal, uploadingHere)));
  };
  if (queue.isKept) await alone(`conduit-chat-queue:${JSON.stringify(place)}`, signal, send);
  else await send();
}

/** Whoever has left waits for no answer: another page, or this one later, may send. */
function unlessAborted<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  return new Promise((resolve, reject) => {
    const end = (): void => reject(signal.reason);
    signal.addEventListener("abort", end, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", end));
  });
}

/** Asks; once more where a message is to be deleted that the hub does not have, but may be about to have. */
async function askTwice({ wish, unsure }: Entry, ask: Ask, signal: AbortSignal): Promise<Reply> {
  const reply = await ask(wish);
  if (!unsure || !isMissing(reply)) return reply;
  await unlessAborted(new Promise((done) => setTimeout(done, LATE_MS)), signal);
  return ask(wish);
}

function isMissing(reply: Reply): boolean {
  return !reply.ok && reply.error.message === NOT_THERE;
}

/** Uploads the files of the first message, which is sent when they are up. */
async function uploadFirst(queue: BrowserQueue, first: Entry, uploading: Uploading): Promise<void> {
  const outcome = await uploadFiles(first, uploading);
  await queue.note((entries) =>
    "ids" in outcome
      ? uploaded(entries, first.id, outcome.ids)
      : refused(entries, first.id, outcome.refusal, "send"),
  );
}

async function sendFirst(
  queue: BrowserQueue,
  ask: Ask,
  signal: AbortSignal,
  uploading: Uploading,
): Promise<boolean> {
  const first = queue.first();
  if (!first) return false;
  if (hasLocalFiles(first)) {
    await uploadFirst(queue, first, uploading);
    return true;
  }
  await queue.note((entries) => attempted(entries, first.id));
  const entry = queue.entries.find(({ id }) => id === first.id);
  if (!entry || !isWaiting(entry)) return true; // another page took it back, or heard that it is refused
  const reply = await askTwice(entry, ask, signal).catch(async (error: unknown) => {
    if (error instanceof NotAskedError && !first.attempted)
      await queue.note((entries) => unheard(entries, entry.id));
    throw error;
  });
  if (reply.ok || !isShown(entry) || (entry.unsure && isMissing(reply))) {
    await queue.note((entries) => settled(entries, entry.id, entry.revision));
  } else {
    const reason = reply.error.message;
    await queue.note((entries) => refused(entries, entry.id, reason, entry.wish.kind));
  }
  return true;
}
