// What waits in other conversations than the one that is shown: it is sent, too, one conversation after the other.
import type { Clock } from "../../clock";
import type { Queue } from "../../contract";
import type { Host } from "../../host/host";
import { createAsking } from "./asking";
import type { Opening, Place } from "./database";
import { isEntry, isWaiting } from "./entries";
import type { LocalFiles } from "./local-files";
import { followFiles } from "./local-files";
import { type BrowserQueue, openQueue } from "./queue";
import { sendAll } from "./sending";

/** A conversation that the server does not show within this time is left for the next time. */
const PATIENCE_MS = 30_000;

interface WithQueue {
  readonly queue?: Queue;
}

/** Opens a view of a conversation, for as long as `lifetime` lasts. */
export type OpenView = (conversation: string, lifetime: AbortSignal) => Host;

interface Options {
  opening: Opening;
  /** The place that is shown. */
  here: Place;
  open: OpenView;
  files: LocalFiles;
  clock: Clock;
  lifetime: AbortSignal;
}

export async function sendElsewhere({ opening, here, open, files, clock, lifetime }: Options): Promise<void> {
  const database = await opening();
  if (!database) return;
  const [server, userId, shown] = here;
  const found = await database.getAllFromIndex(
    "waiting",
    "place",
    IDBKeyRange.bound([server, userId], [server, userId, []]),
  );
  const waiting = new Set(
    found.filter(({ entry }) => isEntry(entry) && isWaiting(entry)).map(({ place }) => place[2]),
  );
  for (const conversation of waiting) {
    if (conversation === shown || lifetime.aborted) continue;
    await sendIn([server, userId, conversation], { opening, open, files, clock, lifetime });
  }
}

/** Resolves when nothing waits there any more, or the way is lost. */
async function sendIn(
  place: Place,
  { opening, open, files, clock, lifetime }: Omit<Options, "here">,
): Promise<void> {
  const life = new AbortController();
  const end = (): void => life.abort();
  lifetime.addEventListener("abort", end, { once: true, signal: life.signal });
  const cancel = clock.after(PATIENCE_MS, end);
  const host = open(place[2], life.signal);
  const asking = createAsking(host);
  const isShown = new Promise<void>((resolve) => {
    life.signal.addEventListener("abort", () => resolve());
    host.onMessage((message) => {
      const { kind, state } = Object(message);
      if (kind === "reply") asking.heard(Object(message));
      asking.has(queuedIn(Object(message)));
      if (kind !== "snapshot") return;
      if (state.self.userId !== place[1]) end(); // somebody else has signed in
      resolve();
    }, life.signal);
  });
  host.onLinkChange(() => {
    asking.lost();
    if (host.kernelStatus() === "unreachable") end();
    else host.send({ kind: "hello", n: 0 });
  }, life.signal);
  await isShown;
  cancel();
  const follow = followFiles(files);
  const queue: BrowserQueue = openQueue(opening, place, () => follow(queue.entries));
  const uploading = { content: files.content, ask: asking.ask };
  await sendAll(queue, place, asking.ask, life.signal, uploading).catch(() => {}); // it goes on the next time
  queue.close();
  end();
}

/** The ids of what waits at the server, as far as a message names it. */
function queuedIn({ state, ops }: { state?: WithQueue; ops?: readonly WithQueue[] }): string[] {
  return [state, ...(ops ?? [])].flatMap((each) => each?.queue?.items.map(({ id }) => id) ?? []);
}
