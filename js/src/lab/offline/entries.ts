// What waits in the browser for the Jupyter server, as values: messages, and what was done to messages.
import type { ViewMessage } from "../../kernel/messages";

export const MOST_MESSAGES = 1_000;
export const MOST_BYTES = 50 * 1024 * 1024;

type WithoutId<M> = M extends { requestId: string } ? Omit<M, "requestId"> : M;
type Asking<Kind extends ViewMessage["kind"]> = WithoutId<Extract<ViewMessage, { kind: Kind }>>;
/** What the server is asked for. */
export type Wish = Asking<"send"> | Asking<"edit"> | Asking<"delete"> | Asking<"react"> | Asking<"read">;

/** A file whose bytes the browser keeps. */
export interface LocalFile {
  readonly id: string;
  readonly name: string;
  /** In bytes. */
  size: number;
}

/**
 * One thing that waits. `attempted` is set before the server is asked: until it answers, nobody knows whether it was heard.
 * `reworded` is a message that got other words after that; `unsure` the deletion of a message that may never have arrived.
 */
export interface Entry {
  /** Of a message its own. */
  id: string;
  /** The message that it is, or is about; empty where it is about none. */
  messageId: string;
  wish: Wish;
  created: string;
  /** Why it was refused; null while it waits. */
  reason: string | null;
  attempted: boolean;
  reworded: boolean;
  unsure: boolean;
  /** Of a message: its files that were attached here, whether they are up already or not. */
  files?: readonly LocalFile[];
  /** Counts its changes: what was asked for with an earlier one is not done with. */
  revision: number;
}

export function newEntry(wish: Wish, id: string, now: number, files: readonly LocalFile[] = []): Entry {
  return {
    ...(files.length > 0 && { files }),
    ...{ id: wish.kind === "send" ? wish.id : id, messageId: aboutOf(wish), wish },
    created: new Date(now).toISOString(),
    ...{ reason: null, attempted: false, reworded: false, unsure: false, revision: 0 },
  };
}

function aboutOf(wish: Wish): string {
  if (wish.kind === "send") return wish.id;
  return wish.kind === "read" ? "" : wish.messageId;
}

const KINDS: readonly unknown[] = ["send", "edit", "delete", "react", "read"] satisfies Wish["kind"][];

/** Whether a value that was kept is an entry as this build knows it. */
export function isEntry(kept: unknown): kept is Entry {
  const { id, wish, reason } = Object(kept);
  const { kind, text } = Object(wish);
  const hasWords = (kind !== "send" && kind !== "edit") || typeof text === "string";
  return (
    typeof id === "string" &&
    KINDS.includes(kind) &&
    hasWords &&
    (reason === null || typeof reason === "string")
  );
}

/** Whether people see it in the queue; that something was read concerns nobody else. */
export const isShown = ({ wish }: Entry): boolean => wish.kind !== "read";
export const isWaiting = ({ reason }: Entry): boolean => reason === null;

/** What an entry takes of the room, in bytes, with its files. */
export function sizeOf(entry: Entry): number {
  const words = new TextEncoder().encode(JSON.stringify(entry)).length;
  return (entry.files ?? []).reduce((sum, { size }) => sum + size, words);
}

/** Throws where the queue would be more than is kept; what makes it no larger never is. */
export function checkRoom(before: readonly Entry[], after: readonly Entry[]): void {
  const messages = (entries: readonly Entry[]): number =>
    entries.filter(({ wish }) => wish.kind === "send").length;
  if (messages(after) > Math.max(MOST_MESSAGES, messages(before))) throw new Error(TOO_MANY);
  const size = (entries: readonly Entry[]): number => entries.reduce((sum, each) => sum + sizeOf(each), 0);
  // All of it is measured only where something grows: it may be much.
  const [had, has] = [new Set(before), new Set(after)];
  const growth = size(after.filter((each) => !had.has(each))) - size(before.filter((each) => !has.has(each)));
  if (growth > 0 && size(after) > MOST_BYTES) throw new Error(TOO_LARGE);
}

// In the words of the catalogues (`texts/en/waiting`), which are looked up by these.
export const TOO_MANY =
  "1,000 messages of this conversation wait for the Jupyter server, the most that are kept: delete some, or send again when they have left.";
export const TOO_LARGE =
  "What waits for the Jupyter server would have more than 50 MiB with this, the limit for each conversation: delete some of it, or send again when it has left.";
export const MAY_HAVE_ARRIVED =
  "The Jupyter server may have this message already: its place cannot change any more.";
export const NOT_TAKEN_BACK = "The Jupyter server may have done this already: it cannot be taken back here.";
export const GONE = "It was deleted, and the deletion waits.";
export const NOT_WAITING = "That does not wait here any more: it was sent or deleted.";
export const TOO_EARLY = "That is about a message which waits after it.";
export const NO_ROOM =
  "The browser has no room left to keep this: delete some of what waits, or free some of the disk.";
export const NO_FILE =
  "The browser has not kept a file of this message: delete the message, and send it again with the file.";
export const NOT_TAKEN = "The Jupyter server does not take a file of this message: try again later.";
export const WORDLESS = "Only messages and edits have a text.";
