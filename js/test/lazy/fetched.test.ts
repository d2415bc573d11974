// How the parts of the chat travel: beside the module, in slices, cut, damaged, of a kernel that goes.
import { gzipSync } from "node:zlib";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { askForChunk } from "../../src/lazy/ask";
import { createCatalogues } from "../../src/lazy/catalogues";
import { oncePerPage } from "../../src/lazy/page-cache";
import { type ChunkFactory, readChunk } from "../../src/lazy/read-chunk";
import { settled } from "../support/fake-clock";

const PAGE = Symbol.for("conduit_widget.chunks");
const FACTORY: ChunkFactory = () => ({});

beforeEach(() => Reflect.deleteProperty(globalThis, PAGE));

interface Asked {
  name: string;
  from: number;
  settle(reply: object): void;
}

/** A kernel whose answers are the test's. */
function kernel(): { asked: Asked[]; ask: ReturnType<typeof askForChunk> } {
  const asked: Asked[] = [];
  const request = ({ name, from }: Asked, settle: Asked["settle"]): void => {
    asked.push({ name, from, settle });
  };
  return { asked, ask: askForChunk({ request } as unknown as Parameters<typeof askForChunk>[0]) };
}
const slice = (bytes: number[], total: unknown): object => ({
  ...{ ok: true, result: total },
  buffers: [new DataView(Uint8Array.from(bytes).buffer)],
});

describe("over the kernel", () => {
  it("a part comes in slices, each asked for when the one before is there", async () => {
    const { asked, ask } = kernel();
    const whole = ask("code");
    await settled();
    expect(asked.map(({ from }) => from)).toEqual([0]);
    for (const bytes of [[1, 2], [3, 4], [5]]) {
      asked.at(-1)?.settle(slice(bytes, 5));
      await settled();
    }
    expect(asked.map(({ name, from }) => [name, from])).toEqual([
      ["code", 0],
      ["code", 2],
      ["code", 4],
    ]);
    const blob = (await whole) as Blob;
    expect([...new Uint8Array(await blob.arrayBuffer())]).toEqual([1, 2, 3, 4, 5]);
  });

  it.each([
    ["the first slice", 0],
    ["a later one", 1],
  ])("says why not where %s is refused, and asks for nothing more", async (_, after) => {
    const { asked, ask } = kernel();
    const failed = expect(ask("code")).rejects.toThrow("The kernel is gone.");
    await settled();
    for (let at = 0; at < after; at += 1) {
      asked.at(-1)?.settle(slice([1], 3));
      await settled();
    }
    asked.at(-1)?.settle({ ok: false, error: { message: "The kernel is gone." } });
    await failed;
    expect(asked).toHaveLength(after + 1);
  });

  it.each([
    ["nothing", { ok: true }],
    ["no bytes", { ok: true, result: 5, buffers: [] }],
  ])("takes %s for an error, not for a part without content", async (_, reply) => {
    const { asked, ask } = kernel();
    const failed = expect(ask("code")).rejects.toThrow();
    await settled();
    asked[0]?.settle(reply);
    await failed;
  });

  it("does not ask for ever for slices that are empty", async () => {
    const { asked, ask } = kernel();
    const failed = expect(ask("code")).rejects.toThrow();
    for (let turn = 0; turn < 3; turn += 1) {
      await settled();
      asked.at(-1)?.settle(slice([], 5));
    }
    await failed;
    expect(asked).toHaveLength(1);
  });
});

describe("once a page", () => {
  it("is fetched for all who wait, and once more for whoever asks after it failed", async () => {
    let fail = (_: Error): void => {};
    const fetch = vi.fn(
      () =>
        new Promise<ChunkFactory>((_, reject) => {
          fail = reject;
        }),
    );
    const first = oncePerPage("b/code", fetch);
    const second = vi.fn(async () => FACTORY);
    const others = [oncePerPage("b/code", second), oncePerPage("b/code", second)];
    fail(new Error("cut"));
    await expect(first).rejects.toThrow("cut");
    expect(await Promise.all(others)).toEqual([FACTORY, FACTORY]);
    expect([fetch, second].map(({ mock }) => mock.calls.length)).toEqual([1, 1]);
  });

  it("keeps parts and builds apart", async () => {
    const fetch = vi.fn(async () => FACTORY);
    for (const key of ["b/code", "b/maths", "c/code", "b/code"]) await oncePerPage(key, fetch);
    expect(fetch).toHaveBeenCalledTimes(3);
  });

  it("hands each its own failure where all fail", async () => {
    const results = await Promise.allSettled(
      ["one", "two", "three"].map((who) => oncePerPage("b/code", () => Promise.reject(new Error(who)))),
    );
    expect(results.map((each) => each.status === "rejected" && each.reason.message)).toEqual([
      "one",
      "two",
      "three",
    ]);
  });
});

describe("what comes", () => {
  const load = vi.fn(async () => ({}));

  it.each([
    ["nothing", new Uint8Array()],
    ["no gzip", new TextEncoder().encode("<!doctype html>")],
    ["cut in the middle", new Uint8Array(gzipSync("export default () => ({})".repeat(99))).slice(0, 20)],
  ])("is never run where it is %s", async (_, bytes) => {
    load.mockClear();
    await expect(readChunk(bytes as Uint8Array<ArrayBuffer>, load)).rejects.toThrow();
    expect(load).not.toHaveBeenCalled();
  });

  it("in another language is fetched once for however many widgets", async () => {
    const ask = vi.fn(() => Promise.reject(new Error("The kernel is gone.")));
    const loads = [createCatalogues(ask).load("de"), createCatalogues(ask).load("de")];
    const failed = await Promise.allSettled(loads);
    expect(failed.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect(ask, "the second one tries with its own kernel").toHaveBeenCalledTimes(2);
  });
});
