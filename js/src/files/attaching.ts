// Files on their way up, for the next message: in pieces, each acknowledged.
import { computed, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { MAX_ATTACHMENTS, MAX_FILE_BYTES } from "../contract";
import type { Store } from "../store/store";
import { language, text } from "../texts/texts";
import { type Attachment, sizeText } from "./attachment";
import { type FileWay, type Reached, wayOf } from "./ways";

/** What of all files is under way at once: tokens and keys wait for no more than that. */
const PIECES_AT_ONCE = 4;
const ATTEMPTS = 5;
/** So many failures on end, and what the hub has by now is given up for a way that may be there. */
const ANOTHER_WAY = 3;
const RETRY_MS = 1_000;
const SPEED_MS = 3_000;

export type UploadState = "waiting" | "sending" | "done" | "failed";

export interface UploadItem {
  readonly key: number;
  readonly file: File;
  readonly state: Signal<UploadState>;
  /** How much the hub has; never goes back. */
  readonly sent: Signal<number>;
  /** Bytes a second, lately. */
  readonly speed: Signal<number>;
  readonly error: Signal<string | null>;
  result: Attachment | null;
  path: string | null;
  way: FileWay | null;
  cancelled: boolean;
}

export interface Attaching {
  readonly items: ReadonlySignal<readonly UploadItem[]>;
  /** Why something was not taken, in words. */
  readonly problem: Signal<string | null>;
  add(files: Iterable<File>): void;
  remove(item: UploadItem): void;
  retry(item: UploadItem): void;
}

const known = new WeakMap<Store, Attaching>();

/** The files for the next message of a chat; all its views share them. */
export function attachingOf(store: Store): Attaching {
  const found = known.get(store) ?? createAttaching(store);
  known.set(store, found);
  return found;
}

function createAttaching(store: Store): Attaching {
  const items = signal<readonly UploadItem[]>([]);
  const problem = signal<string | null>(null);
  const { carried } = store.composing;
  const queue = createQueue(PIECES_AT_ONCE);
  let keys = 0;

  /** What the next message carries: nothing is sent while a file is under way. */
  const carry = (): void => {
    const all = items.value;
    if (all.length === 0) carried.value = null;
    else if (all.some(({ state }) => state.value !== "done")) carried.value = "";
    else carried.value = { files: all.map(({ result }) => result?.id ?? "") };
  };
  // The message was sent, with what it carried.
  carried.subscribe((value) => {
    if (value === null && items.peek().length > 0 && items.peek().every(isDone)) items.value = [];
  });

  const settle = (item: UploadItem, state: UploadState, error: string | null = null): void => {
    item.error.value = error;
    item.state.value = state;
    carry();
  };

  const run = async (item: UploadItem): Promise<void> => {
    settle(item, "sending");
    try {
      item.result = await upload(store, item, queue);
      if (!item.cancelled) settle(item, "done");
    } catch (error) {
      if (!item.cancelled) settle(item, "failed", error instanceof Error ? error.message : String(error));
    }
    if (item.cancelled) forget(item); // it may have begun meanwhile
  };

  /** The hub need not wait for the rest; what waits in the browser is known by its path when it is whole, too. */
  const forget = (item: UploadItem): void => {
    if (!item.result || item.result.id === item.path) forgetPart(item);
    item.path = null;
  };

  return {
    items: computed(() => items.value),
    problem,
    add(files) {
      problem.value = null;
      for (const file of files) {
        if (items.value.length >= MAX_ATTACHMENTS)
          problem.value = text("attach.tooMany", { most: MAX_ATTACHMENTS });
        else if (file.size > MAX_FILE_BYTES)
          problem.value = text("attach.tooLarge", {
            name: file.name,
            most: sizeText(MAX_FILE_BYTES, language()),
          });
        else {
          keys += 1;
          const item = newItem(keys, file);
          items.value = [...items.value, item];
          void run(item);
        }
      }
    },
    remove(item) {
      item.cancelled = true;
      problem.value = null;
      forget(item);
      items.value = items.value.filter((each) => each !== item);
      carry();
    },
    retry: (item) => void run(item),
  };
}

function forgetPart({ path, way }: UploadItem): void {
  if (path) way?.forget(path).catch(() => {});
}

function isDone(item: UploadItem): boolean {
  return item.state.value === "done";
}

function newItem(key: number, file: File): UploadItem {
  return {
    ...{ key, file, result: null, path: null, way: null, cancelled: false },
    state: signal<UploadState>("waiting"),
    sent: signal(0),
    speed: signal(0),
    error: signal<string | null>(null),
  };
}

/** Sends a file from where the hub has it; an attempt that fails is made again, a few times. */
async function upload(store: Store, item: UploadItem, queue: Queue): Promise<Attachment> {
  const { file } = item;
  const meter = createMeter(store.clock.now);
  let way = await wayFor(store, item);
  let failures = 0;
  for (let offset = 0; ; ) {
    if (item.cancelled) throw new Error("");
    try {
      const start = offset;
      const reached = await sendPiece(way, item, start, queue);
      if (reached.file) {
        item.sent.value = file.size;
        return reached.file;
      }
      offset = reached.offset;
      failures = offset > start ? 0 : failures + 1;
      if (failures >= ATTEMPTS) throw new Error(text("attach.stalled"));
      item.speed.value = meter(offset);
      item.sent.value = Math.max(item.sent.value, offset);
    } catch (error) {
      failures += 1;
      const next = await wayAfter(error, failures, store, item);
      if (next !== way) [way, offset] = [next, 0];
      await new Promise((resolve) => store.clock.after(RETRY_MS * failures, () => resolve(null)));
    }
  }
}

/** Returns by which way it is tried again after an error; throws that where it is not. */
async function wayAfter(error: unknown, failures: number, store: Store, item: UploadItem): Promise<FileWay> {
  const before = item.way as FileWay;
  const hasBegun = item.path !== null;
  if (failures >= ATTEMPTS) throw error;
  const way = hasBegun && failures < ANOTHER_WAY ? before : await wayFor(store, item);
  if (way === before && !hasBegun) throw error;
  return way;
}

/** Returns the way that there is now; by another way than before the file begins anew. */
async function wayFor(store: Store, item: UploadItem): Promise<FileWay> {
  const way = await wayOf(store);
  if (way !== item.way) {
    forgetPart(item);
    [item.way, item.path] = [way, null];
  }
  return way;
}

/** Sends one piece, of a file that the hub is told of before; returns how far it is then. */
async function sendPiece(way: FileWay, item: UploadItem, start: number, queue: Queue): Promise<Reached> {
  const { file } = item;
  item.path ??= await way.begin(file);
  const path = item.path;
  const reached = await queue(async () => {
    const stop = Math.min(start + way.pieceBytes, file.size);
    return way.piece(path, start, await file.slice(start, stop).arrayBuffer(), stop === file.size);
  });
  if (reached.offset >= 0 || reached.file) return reached;
  item.path = null; // the hub has forgotten it
  return { offset: 0 };
}

/** Bytes a second, over the last few seconds. */
function createMeter(now: () => number): (bytes: number) => number {
  const marks: [at: number, bytes: number][] = [[now(), 0]];
  return (bytes) => {
    marks.push([now(), bytes]);
    while (marks.length > 2 && now() - (marks[0]?.[0] ?? 0) > SPEED_MS) marks.shift();
    const [at, before] = marks[0] ?? [now(), 0];
    return Math.max(((bytes - before) * 1000) / Math.max(now() - at, 1), 0);
  };
}

type Queue = <Result>(work: () => Promise<Result>) => Promise<Result>;

/** Lets so many run at once; the others wait their turn. */
export function createQueue(most: number): Queue {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (work) => {
    if (running < most) running += 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      // Whoever waits takes the place before anybody else can.
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
}
