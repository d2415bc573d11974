import { gzipSync } from "node:zlib";
import { beforeEach, describe, expect, it } from "vitest";
import { type AskForChunk, createChunks } from "../../src/lazy/chunks";
import { fromKit, kit } from "../../src/lazy/kit";
import { BUILD, readChunk } from "../../src/lazy/read-chunk";

const PAGE = Symbol.for("conduit_widget.chunks");

beforeEach(() => Reflect.deleteProperty(globalThis, PAGE));

/** What the kernel sends for a chunk of this text. */
function sent(text: string, build = BUILD): Uint8Array<ArrayBuffer> {
  return new Uint8Array(gzipSync(`export const build=${JSON.stringify(build)};${text}`));
}

const CODE = sent("export default(require)=>({colour:()=>Object.keys(require('preact')).includes('h')});");

/** Node has no modules from blobs; an address that holds the text is as good. */
const load = (text: string): Promise<unknown> =>
  import(/* @vite-ignore */ `data:text/javascript,${encodeURIComponent(text)}`);
const read = (bytes: BlobPart) => readChunk(bytes, load);

/** A kernel that answers as the test says, and what it was asked for. */
function kernel(...answers: (Uint8Array<ArrayBuffer> | Error)[]): { asked: string[]; ask: AskForChunk } {
  const asked: string[] = [];
  return {
    asked,
    ask: async (name) => {
      asked.push(name);
      const answer = answers[asked.length - 1];
      if (answer instanceof Uint8Array) return answer;
      throw answer ?? new Error("asked too often");
    },
  };
}

describe("a chunk", () => {
  it("runs with the main bundle's own modules, once for each model", async () => {
    const { ask, asked } = kernel(CODE);
    const first = createChunks(ask, read);
    const module = await first.load("code");
    expect(module.colour("", "")).toBe(true);
    expect(await first.load("code")).toBe(module);
    const other = await createChunks(ask, read).load("code");
    expect(other).not.toBe(module);
    expect(asked).toEqual(["code"]);
  });

  it("is fetched once by however many that want it at the same time", async () => {
    const { ask, asked } = kernel(CODE);
    await Promise.all([1, 2, 3].map(() => createChunks(ask, read).load("code")));
    expect(asked).toEqual(["code"]);
  });

  it("is fetched by another model when the first one's kernel fails", async () => {
    const failing = createChunks(kernel(new Error("The kernel is gone.")).ask, read).load("code");
    const { ask, asked } = kernel(CODE);
    const working = createChunks(ask, read).load("code");
    await expect(failing).rejects.toThrow("The kernel is gone.");
    expect((await working).colour("", "")).toBe(true);
    expect(asked).toEqual(["code"]);
  });

  it("says why it is not there, and can be asked for again", async () => {
    const { ask } = kernel(new Error("The kernel is gone."), CODE);
    const chunks = createChunks(ask, read);
    const state = chunks.state("code");
    expect(state.value).toEqual({ module: null, error: null });
    await expect(chunks.load("code")).rejects.toThrow("The kernel is gone.");
    expect(state.value).toEqual({ module: null, error: "The kernel is gone." });
    const again = chunks.load("code");
    expect(state.value.error).toBeNull();
    expect(state.value.module).toBeNull();
    expect(await again).toBe(state.value.module);
  });

  it("of another build is not run", async () => {
    const { ask } = kernel(sent("export default()=>({})", "another"));
    await expect(createChunks(ask, read).load("code")).rejects.toThrow(
      "The chat was updated: reload the page, or run its cell again.",
    );
  });

  it("that is none is refused in words", async () => {
    await expect(read(new Uint8Array(gzipSync("export default {}")))).rejects.toThrow("no part of the chat");
  });
});

it("shares modules by the names a chunk asks for, and says which it has not", () => {
  expect(fromKit("preact/hooks")).toBe(kit["preact/hooks"]);
  expect(() => fromKit("fs")).toThrow("shares no fs");
});
