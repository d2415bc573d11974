// What people do: passed on to the Jupyter server, or kept here for it, and changed here while it waits.
import type { Clock } from "../../clock";
import type { Host } from "../../host/host";
import { uuid } from "../../identifier";
import type { ViewMessage } from "../../kernel/messages";
import type { Asking } from "./asking";
import { newEntry, type Wish } from "./entries";
import type { Here } from "./here";
import { isLocal, type LocalFiles } from "./local-files";
import { added, moved, removed, reworded, triedAgain } from "./merging";
import { attempted } from "./outcomes";
import type { BrowserQueue, Change } from "./queue";

/** The requests that are kept. */
export const WISHES: ReadonlySet<string> = new Set(["send", "edit", "delete", "react", "read"]);

export function isWish(message: ViewMessage): message is Extract<ViewMessage, { kind: Wish["kind"] }> {
  return WISHES.has(message.kind);
}

function filesOf(wish: Wish): readonly string[] {
  return (wish.kind === "send" && wish.files) || [];
}

export type Outcome = { result: unknown } | { refusal: unknown };

export interface Wishes {
  /** Keeps a wish that has to wait, for the way or behind what waits; passes another one on. */
  keepOrPass(wish: Wish & { requestId?: string }): void;
  /** Keeps a wish in a queue; `isAttempted` where the server may have it. */
  keep(queue: BrowserQueue | undefined, wish: Wish, requestId: string | null, isAttempted?: boolean): void;
  /** Whether an entry is kept here. */
  keeps(id: string): boolean;
  /** Changes what waits. */
  act(message: Extract<ViewMessage, { kind: "queue" }>): void;
}

interface Options {
  inner: Pick<Host, "send">;
  asking: Asking;
  clock: Clock;
  here(): Here | null;
  isDown(): boolean;
  /** How much is shown before what waits here. */
  countThere(): number;
  files: Pick<LocalFiles, "described">;
  /** Something is kept for a conversation that is not shown any more. */
  keptElsewhere(): void;
  reply(requestId: string, outcome: Outcome): void;
}

export function createWishes({
  inner,
  asking,
  clock,
  here,
  isDown,
  countThere,
  files,
  keptElsewhere,
  reply,
}: Options): Wishes {
  /** How many changes are on their way to the storage: what comes after them goes behind them. */
  let writing = 0;
  const change = (queue: BrowserQueue | undefined, requestId: string | null, change: Change): void => {
    if (!queue) return;
    writing += 1;
    const ends = (outcome: Outcome): void => {
      writing -= 1;
      if (requestId !== null) reply(requestId, outcome);
    };
    queue.change(change).then(
      () => ends({ result: null }),
      (refusal: unknown) => ends({ refusal }),
    );
  };

  const keep: Wishes["keep"] = (queue, wish, requestId, isAttempted = false) => {
    const entry = newEntry(wish, uuid(), clock.now(), files.described(filesOf(wish)));
    change(queue, requestId, (entries) => {
      const after = added(entries, entry);
      return isAttempted ? attempted(after, entry.id) : after;
    });
  };

  const keeps = (id: string): boolean => here()?.queue.entries.some((each) => each.id === id) === true;

  const isToWait = (wish: Wish): boolean => {
    const queue = here()?.queue;
    if (!queue) return false;
    if (wish.kind === "read") return isDown();
    if (filesOf(wish).some(isLocal)) return true;
    return (
      isDown() || writing > 0 || queue.first() !== undefined || ("messageId" in wish && keeps(wish.messageId))
    );
  };

  const keepOrPassNow: Wishes["keepOrPass"] = ({ requestId, ...wish }) => {
    if (isToWait(wish)) keep(here()?.queue, wish, requestId ?? null);
    else if (requestId === undefined) inner.send(wish);
    else asking.pass({ ...wish, requestId }, here()?.queue);
  };

  /** How many wait for a queue to be read. */
  let held = 0;
  const keepOrPass: Wishes["keepOrPass"] = (message) => {
    const queue = here()?.queue;
    if (queue && (held > 0 || !queue.isRead) && message.kind !== "read") void inOrder(queue, message);
    else keepOrPassNow(message);
  };

  /** What comes before the queue was read may have to go behind what waits there. */
  const inOrder = async (
    queue: BrowserQueue,
    message: Parameters<Wishes["keepOrPass"]>[0],
  ): Promise<void> => {
    held += 1;
    await queue.read().catch(() => {});
    held -= 1;
    if (here()?.queue === queue) return keepOrPassNow(message);
    const { requestId, ...wish } = message;
    keep(queue, wish, requestId ?? null);
    keptElsewhere();
  };

  return {
    keep,
    keeps,
    keepOrPass,
    act(message) {
      const { requestId, id } = message;
      const changes: Record<typeof message.action, Change> = {
        edit: (entries) => reworded(entries, id, "text" in message ? message.text : ""),
        delete: (entries) => removed(entries, id),
        move: (entries) => moved(entries, id, "to" in message ? message.to - countThere() : 0),
        again: (entries) => triedAgain(entries, id),
      };
      change(here()?.queue, requestId, changes[message.action]);
    },
  };
}
