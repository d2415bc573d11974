// What of a file is read in the page: kinds, sizes, rows, and how large a picture says it is.
import { signal } from "@preact/signals";
import { describe, expect, it, vi } from "vitest";
import { browserClock } from "../src/clock";
import { type Attaching, attachingOf, createQueue } from "../src/files/attaching";
import { attachmentsOf, kindOf, sizeText } from "../src/files/attachment";
import { fetchFile } from "../src/files/fetching";
import { notebookText } from "../src/files/notebook";
import { pictureSize } from "../src/files/picture-size";
import { firstRows } from "../src/files/rows";
import { checkPicture } from "../src/files/thumbnail";
import type { Store } from "../src/store";
import { attach } from "../src/texts/en/attach";
import { addTexts } from "../src/texts/texts";
import { settled } from "./support/fake-clock";

addTexts(attach);

const FILE = { id: "f", name: "a.png", mediaType: "image/png", size: 3, sha256: "00" };

describe("the files of a message", () => {
  it("are those that the hub tells of; what is none is left out", () => {
    const attachments = [FILE, { id: "only" }, { ...FILE, size: "3" }, null] as Record<string, unknown>[];
    expect(attachmentsOf({ id: "m", role: "user", content: "", attachments })).toEqual([FILE]);
    expect(attachmentsOf({ id: "m", role: "user", content: "" })).toEqual([]);
  });

  it.each([
    ["image/png", "image"],
    ["image/svg+xml", "other"],
    ["text/html", "text"],
    ["application/javascript", "other"],
    ["text/csv", "table"],
    ["application/pdf", "pdf"],
    ["video/mp4", "video"],
  ])("of type %s are shown as %s", (mediaType, kind) => {
    expect(kindOf({ mediaType })).toBe(kind);
  });

  it("have sizes for people", () => {
    expect([0, 999, 1500, 26_214_400].map((size) => sizeText(size, "en"))).toEqual([
      "0 bytes",
      "999 bytes",
      "1.5 kB",
      "26.2 MB",
    ]);
  });
});

describe("the first rows of a table", () => {
  it("are cells, quoted or not", () => {
    expect(firstRows('a,b\r\n"x, ""y""\nz",2\n', ",", true)).toEqual([
      ["a", "b"],
      ['x, "y"\nz', "2"],
    ]);
  });

  it("are no more than a few, and a row that was cut is not told", () => {
    const rows = Array.from({ length: 30 }, (_, index) => `${index},x`).join("\n");
    expect(firstRows(rows, ",", true)).toHaveLength(9);
    expect(firstRows("a\tb\n1\t2\n3", "\t", false)).toEqual([
      ["a", "b"],
      ["1", "2"],
    ]);
    expect(firstRows("a\tb\n3", "\t", true)).toEqual([["a", "b"], ["3"]]);
  });

  it("end where a file is no table", () => {
    expect(firstRows('"never closed', ",", true)).toEqual([]);
  });
});

describe("the size of a picture", () => {
  const bytes = (...parts: (string | number[])[]): Uint8Array =>
    new Uint8Array(
      parts.flatMap((part) => (typeof part === "string" ? [...part].map((c) => c.charCodeAt(0)) : part)),
    );

  it.each([
    [
      "PNG",
      bytes([0x89], "PNG\r\n\x1a\n", [0, 0, 0, 13], "IHDR", [0, 0, 0x9c, 0x40, 0, 0, 1, 0]),
      40_000,
      256,
    ],
    ["GIF", bytes("GIF89a", [44, 1, 200, 0]), 300, 200],
    ["BMP", bytes("BM", new Array(16).fill(0), [44, 1, 0, 0, 56, 255, 255, 255]), 300, 200],
    ["JPEG", bytes([0xff, 0xd8, 0xff, 0xe0, 0, 4, 0, 0, 0xff, 0xc0, 0, 11, 8, 0, 200, 1, 44]), 300, 200],
    ["WebP", bytes("RIFF", [0, 0, 0, 0], "WEBPVP8X", new Array(8).fill(0), [43, 1, 0, 199, 0, 0]), 300, 200],
    [...["AVIF", bytes([0, 0, 0, 0], "ftypavif", "ispe", [0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 9])], ...[9, 9]],
    [
      "AVIF of parts",
      bytes(
        "....ftypavif",
        "ispe",
        [0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 2, 0],
        "ispe",
        [0, 0, 0, 0],
        [...[0, 0, 0x80, 0, 0, 0, 0x80, 0]],
      ),
      ...[32_768, 32_768],
    ],
  ] as [string, Uint8Array, number, number][])("is read of a %s", (_, head, width, height) => {
    expect(pictureSize(head)).toEqual({ width, height });
  });

  it("is not guessed", () => {
    expect(pictureSize(bytes("nothing"))).toBeNull();
    expect(pictureSize(bytes([0xff, 0xd8, 0xff, 0xe0, 0xff]))).toBeNull();
    expect(pictureSize(new Uint8Array())).toBeNull();
  });
});

it("a picture is refused whose size comes after much else", async () => {
  const camera = new Uint8Array(0xfffe);
  camera.set([0xff, 0xe1, 0xff, 0xfc]);
  const frame = [0xff, 0xc0, 0, 11, 8, 0xff, 0xff, 0xff, 0xff];
  const parts = [[0xff, 0xd8], camera, camera, camera, camera, camera, frame].map(
    (part) => new Uint8Array(part),
  );
  await expect(checkPicture(new Blob(parts))).rejects.toThrow("too many pixels");
});

/** A chat whose kernel answers as told. */
function storeOf(ask: (request: { kind: string }) => Promise<unknown>): Store {
  return { ask, clock: browserClock, composing: { carried: signal(null) } } as never;
}

it("a file that is shorter than the hub said is not waited for", async () => {
  const store = storeOf(async () => new DataView(new ArrayBuffer(0)));
  await expect(fetchFile(store, { ...FILE, sha256: "11" })).rejects.toThrow("a.png came damaged");
});

describe("a file on its way up", () => {
  const added = (store: Store): Attaching => {
    const attaching = attachingOf(store);
    attaching.add([new File(["abc"], "a.txt")]);
    return attaching;
  };

  it("is given up where the hub takes nothing of it", async () => {
    const ask = vi.fn(async ({ kind }: { kind: string }) =>
      kind === "fileBegin" ? { path: "p" } : { offset: 0 },
    );
    const [item] = added(storeOf(ask)).items.value;
    await vi.waitFor(() => expect(item?.state.value).toBe("failed"));
    expect(item?.error.value).toBe("the hub does not take it");
    expect(ask.mock.calls.length).toBeLessThan(10);
  });

  it("is forgotten on the hub also when it was cancelled before it had begun there", async () => {
    let begin = (_: object): void => {};
    const ask = vi.fn(({ kind }: { kind: string }) =>
      kind === "fileBegin"
        ? new Promise((resolve) => {
            begin = resolve;
          })
        : Promise.resolve({ offset: 1 }),
    );
    const attaching = added(storeOf(ask));
    await settled();
    for (const item of attaching.items.value) attaching.remove(item);
    begin({ path: "p" });
    await vi.waitFor(() => expect(ask).toHaveBeenLastCalledWith({ kind: "fileForget", path: "p" }));
  });
});

it("a notebook is told by its cells", () => {
  const cells = [
    { cell_type: "markdown", source: ["# Title"] },
    { cell_type: "code", source: "1 + 1" },
  ];
  expect(notebookText(JSON.stringify({ cells }))).toBe("# Title\n\nIn: 1 + 1");
  expect(notebookText('{"cells": [')).toBe('{"cells": [');
});

it("a queue lets so many run at once, each in its turn", async () => {
  const queue = createQueue(2);
  let running = 0;
  let most = 0;
  const order: number[] = [];
  const work = (number: number) => async (): Promise<number> => {
    running += 1;
    most = Math.max(most, running);
    await Promise.resolve();
    order.push(number);
    running -= 1;
    if (number === 1) throw new Error("one fails");
    return number;
  };
  const all = await Promise.allSettled([0, 1, 2, 3, 4].map((number) => queue(work(number))));
  expect(most).toBe(2);
  expect(order).toEqual([0, 1, 2, 3, 4]);
  expect(all.map(({ status }) => status === "fulfilled")).toEqual([true, false, true, true, true]);
});
