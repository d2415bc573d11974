// @vitest-environment happy-dom
// Files that are attached while the Jupyter server is away: kept with their message, uploaded before it.
import "fake-indexeddb/auto";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { type Attaching, attachingOf } from "../../../src/files/attaching";
import type { ViewMessage } from "../../../src/kernel/messages";
import { createOpening, type Database } from "../../../src/lab/offline/database";
import { MOST_BYTES, NO_FILE, TOO_LARGE } from "../../../src/lab/offline/entries";
import { createLocalFiles, sweepFiles } from "../../../src/lab/offline/local-files";
import type { Store } from "../../../src/store/store";
import type { FakeClock } from "../../support/fake-clock";
import { panelPages } from "../../support/panel-pages";
import { until } from "../../support/until";

const panel = panelPages();
const { page, last, connects, goes, returns, waiting, asked, takes } = panel;
let clock: FakeClock;

beforeEach(() => {
  clock = panel.clock;
});

type Asked<K extends ViewMessage["kind"]> = Extract<ViewMessage, { kind: K }>;

const database = async (): Promise<Database> => (await createOpening()()) as Database;
const keptFiles = async (): Promise<number> => (await database()).count("files");

/** Attaches files, and waits until the browser has them. */
async function attached(store: Store, ...files: File[]): Promise<Attaching> {
  const attaching = attachingOf(store);
  attaching.add(files);
  await until(async () => {
    await clock.paint();
    expect(attaching.items.value.map(({ state, error }) => error.value ?? state.value)).toEqual(
      files.map(() => "done"),
    );
  });
  return attaching;
}
/** Says something with what is attached. */
const says = (store: Store, words: string): void => store.send(words, store.composing.takeOptions());

const answers = (requestId: string, result: unknown): void =>
  last().says({ kind: "reply", requestId, ok: true, result });
const refuses = (requestId: string, message: string): void =>
  last().says({ kind: "reply", requestId, ok: false, error: { message } });

/** The server takes the next file; returns its name and its content. */
async function takesFile(id: string, count = 1): Promise<[name: string, content: string]> {
  await until(() => expect(asked("fileBegin")).toHaveLength(count));
  const { requestId, name, size } = asked("fileBegin").at(-1) as Asked<"fileBegin">;
  const before = asked("filePiece").length;
  answers(requestId, { path: `up/${id}` });
  let content = "";
  for (let piece = before + 1; ; piece += 1) {
    await until(() => expect(asked("filePiece")).toHaveLength(piece));
    const sent = asked("filePiece").at(-1) as Asked<"filePiece">;
    expect([sent.path, sent.start]).toEqual([`up/${id}`, content.length]);
    content += Buffer.from(String(sent.buffers[0]), "base64").toString("latin1");
    const offset = content.length;
    answers(sent.requestId, { offset, ...(sent.last && { file: { id, name, size: offset } }) });
    if (sent.last) {
      expect(size).toBe(offset);
      return [name, content];
    }
  }
}

describe("a message with files, while the server is away", () => {
  it("waits with their names, and leaves with them in their order when the server is back", async () => {
    const store = page();
    await connects();
    await goes();
    await attached(store, new File(["one"], "a.txt"), new File([""], "empty.bin"));
    says(store, "See these");
    store.send("And then");
    await waiting(store, ["See these", "And then"]);
    expect(store.select.queue.value?.items.map(({ files }) => files)).toEqual([["a.txt", "empty.bin"], []]);
    expect(asked("fileBegin")).toEqual([]);

    await returns();
    expect(await takesFile("f1")).toEqual(["a.txt", "one"]);
    expect(await takesFile("f2", 2)).toEqual(["empty.bin", ""]);
    expect(await takes(1)).toBe("See these");
    expect((asked("send")[0] as Asked<"send">).files).toEqual(["f1", "f2"]);
    expect(await takes(2)).toBe("And then");
    await until(async () => expect(await keptFiles()).toBe(0));
  });

  it("leaves from the next page, where this one was closed: every byte of it", async () => {
    const before = page();
    await connects();
    await goes();
    const content = Array.from({ length: 700_000 }, (_, at) => String.fromCharCode(at % 251)).join("");
    const bytes = Uint8Array.from(content, (letter) => letter.charCodeAt(0));
    await attached(before, new File([bytes], "large.bin"));
    says(before, "");
    await waiting(before, [""]);
    panel.leave();

    page();
    await connects();
    const [name, arrived] = await takesFile("f1");
    expect([name, arrived === content]).toEqual(["large.bin", true]);
    expect(asked("filePiece").length).toBeGreaterThan(2);
    await takes(1);
    expect((asked("send")[0] as Asked<"send">).files).toEqual(["f1"]);
  });

  it("is sent once, with one upload, where the way is lost after it", async () => {
    const store = page();
    await connects();
    await goes();
    await attached(store, new File(["one"], "a.txt"));
    says(store, "See this");
    await waiting(store, ["See this"]);
    await returns();
    await takesFile("f1");
    await until(() => expect(asked("send")).toHaveLength(1));
    const { id } = asked("send")[0] as Asked<"send">;
    await goes();
    await returns();
    await until(() => expect(asked("send")).toHaveLength(1));
    expect(asked("fileBegin")).toEqual([]);
    expect(asked("send")[0]).toMatchObject({ id, files: ["f1"] });
    await takes(1);
  });

  it("goes up anew where the way is lost in the middle of a file", async () => {
    const store = page();
    await connects();
    await goes();
    await attached(store, new File(["one"], "a.txt"));
    says(store, "See this");
    await waiting(store, ["See this"]);
    await returns();
    await until(() => expect(asked("fileBegin")).toHaveLength(1));
    answers((asked("fileBegin")[0] as Asked<"fileBegin">).requestId, { path: "up/lost" });
    await until(() => expect(asked("filePiece")).toHaveLength(1));
    await goes();
    await returns();
    expect(await takesFile("f2")).toEqual(["a.txt", "one"]);
    await takes(1);
    expect((asked("send")[0] as Asked<"send">).files).toEqual(["f2"]);
  });

  it("stays with the reason where the server refuses the file, and goes when it is tried again", async () => {
    const store = page();
    await connects();
    await goes();
    await attached(store, new File(["one"], "a.txt"));
    says(store, "See this");
    await waiting(store, ["See this"]);
    await returns();
    await until(() => expect(asked("fileBegin")).toHaveLength(1));
    refuses((asked("fileBegin")[0] as Asked<"fileBegin">).requestId, "You have 1 GiB of files, the most.");
    const reason = (): unknown => store.select.queue.value?.items[0]?.reason;
    await until(async () => {
      await clock.paint();
      expect(reason()).toBe("You have 1 GiB of files, the most.");
    });
    expect(asked("send")).toEqual([]);
    const id = store.select.queue.value?.items[0]?.id ?? "";
    await store.ask({ kind: "queue", id, action: "again" });
    await takesFile("f1", 2);
    await takes(1);
  });

  it("leaves no bytes behind where it is taken back", async () => {
    const store = page();
    await connects();
    await goes();
    await attached(store, new File(["one"], "a.txt"));
    says(store, "See this");
    await waiting(store, ["See this"]);
    expect(await keptFiles()).toBe(1);
    const id = store.select.queue.value?.items[0]?.id ?? "";
    await store.ask({ kind: "queue", id, action: "delete" });
    await until(async () => expect(await keptFiles()).toBe(0));
  });

  it("says what to do where its bytes are gone", async () => {
    const store = page();
    await connects();
    await goes();
    await attached(store, new File(["one"], "a.txt"));
    says(store, "See this");
    await waiting(store, ["See this"]);
    await (await database()).clear("files");
    await returns();
    await until(async () => {
      await clock.paint();
      expect(store.select.queue.value?.items[0]?.reason).toBe(NO_FILE);
    });
    expect(asked("fileBegin")).toEqual([]);
  });
});

describe("a file that is attached while the server is away", () => {
  it("goes with a message that is sent when the server is back already", async () => {
    const store = page();
    await connects();
    await goes();
    await attached(store, new File(["one"], "a.txt"));
    await returns();
    says(store, "See this");
    expect(await takesFile("f1")).toEqual(["a.txt", "one"]);
    await takes(1);
    expect((asked("send")[0] as Asked<"send">).files).toEqual(["f1"]);
  });

  it("is forgotten when it is taken out of the message", async () => {
    const store = page();
    await connects();
    await goes();
    const attaching = await attached(store, new File(["one"], "a.txt"), new File(["two"], "b.txt"));
    for (const item of attaching.items.value.slice(0, 1)) attaching.remove(item);
    says(store, "See this");
    await waiting(store, ["See this"]);
    expect(store.select.queue.value?.items[0]?.files).toEqual(["b.txt"]);
  });

  it("gives its room back when it is taken out of the message", async () => {
    const store = page();
    await connects();
    await goes();
    const half = new File([new Uint8Array(20 * 1024 * 1024)], "half.bin");
    const attaching = await attached(store, half, half);
    for (const item of attaching.items.value) attaching.remove(item);
    await until(async () => expect(await keptFiles()).toBe(0));
    await attached(store, half, half);
  });

  it("begins anew where the hub has forgotten its upload", async () => {
    const store = page();
    await connects();
    await goes();
    await attached(store, new File(["one"], "a.txt"));
    says(store, "See this");
    await waiting(store, ["See this"]);
    await returns();
    await until(() => expect(asked("fileBegin")).toHaveLength(1));
    answers((asked("fileBegin")[0] as Asked<"fileBegin">).requestId, { path: "up/old" });
    await until(() => expect(asked("filePiece")).toHaveLength(1));
    answers((asked("filePiece")[0] as Asked<"filePiece">).requestId, { offset: -1 });
    expect(await takesFile("f2", 2)).toEqual(["a.txt", "one"]);
    await takes(1);
    expect((asked("send")[0] as Asked<"send">).files).toEqual(["f2"]);
  });

  it("is refused where it would be more than is kept, in words", async () => {
    const store = page();
    await connects();
    await goes();
    const half = new File([new Uint8Array(20 * 1024 * 1024)], "half.bin");
    await attached(store, half, half);
    const attaching = attachingOf(store);
    attaching.add([new File([new Uint8Array(11 * 1024 * 1024)], "more.bin")]);
    await until(async () => {
      await clock.paint();
      expect(attaching.items.value.at(-1)?.error.value).toBe(TOO_LARGE);
    });
    expect(await keptFiles()).toBe(2);
  });

  it("stays in the page where the browser keeps nothing", async () => {
    vi.stubGlobal("indexedDB", undefined);
    const store = page();
    await connects();
    await goes();
    await attached(store, new File(["one"], "a.txt"));
    says(store, "See this");
    await waiting(store, ["See this"]);
    await returns();
    expect(await takesFile("f1")).toEqual(["a.txt", "one"]);
    await takes(1);
  });
});

describe("the bytes in the browser", () => {
  const DAY_MS = 24 * 60 * 60 * 1_000;

  it("are taken in order, each piece once, and none of a file that nobody began", async () => {
    const files = createLocalFiles(createOpening(), () => 0);
    const buffers = [new Uint8Array([1, 2]).buffer];
    expect(await files.piece({ path: "local:other", start: 0, last: true, buffers })).toEqual({ offset: -1 });
    const { path } = files.begin({ name: "a", size: 4 }, []);
    expect(await files.piece({ path, start: 0, last: false, buffers })).toEqual({ offset: 2 });
    expect(await files.piece({ path, start: 0, last: false, buffers })).toEqual({ offset: 2 });
    expect(await files.piece({ path, start: 4, last: true, buffers })).toEqual({ offset: 2 });
    expect(await files.piece({ path, start: 2, last: true, buffers })).toMatchObject({
      offset: 4,
      file: { id: path, name: "a", size: 4 },
    });
    expect(await files.content(path)).toEqual(new Uint8Array([1, 2, 1, 2]));
    expect(files.described([path, "hub-1"])).toEqual([{ id: path, name: "a", size: 4 }]);
  });

  it("are refused where the disk is full, and then not counted", async () => {
    const opening = createOpening();
    await opening();
    const files = createLocalFiles(opening, () => 0);
    const put = vi.spyOn(IDBObjectStore.prototype, "put").mockImplementation(() => {
      throw new DOMException("full", "QuotaExceededError");
    });
    const size = MOST_BYTES - 1;
    const { path } = files.begin({ name: "a", size }, []);
    const buffers = [new ArrayBuffer(1)];
    await expect(files.piece({ path, start: 0, last: true, buffers })).rejects.toThrow("no room left");
    put.mockRestore();
    expect(() => files.begin({ name: "b", size }, [])).not.toThrow();
  });

  it("of drafts that nobody sent are swept after a day, those of what waits never", async () => {
    const store = page();
    await connects();
    await goes();
    await attached(store, new File(["one"], "waits.txt"));
    says(store, "See this");
    await waiting(store, ["See this"]);
    await attached(store, new File(["two"], "draft.txt"));
    const opening = createOpening();
    await sweepFiles(opening, clock.now() + DAY_MS - 1_000);
    expect(await keptFiles()).toBe(2);
    await sweepFiles(opening, clock.now() + DAY_MS + 1_000);
    expect(await keptFiles()).toBe(1);
    await returns();
    expect(await takesFile("f1")).toEqual(["waits.txt", "one"]);
  });
});
