// Small pictures of images, made with the browser's own means, which stand here as stubs.
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { MOST_PIXELS } from "../../src/files/picture-size";
import { checkPicture, thumbnail } from "../../src/files/thumbnail";
import { attach } from "../../src/texts/en/attach";
import { addTexts } from "../../src/texts/texts";

addTexts(attach);

let size: { width: number; height: number };
let closed: number;
let drawn: unknown[];
let canvases: [width: number, height: number][];

beforeEach(() => {
  [closed, drawn, canvases] = [0, [], []];
  vi.stubGlobal("createImageBitmap", async () => ({ ...size, close: () => (closed += 1) }));
  vi.stubGlobal(
    "OffscreenCanvas",
    class {
      constructor(
        readonly width: number,
        readonly height: number,
      ) {
        canvases.push([width, height]);
      }
      getContext = (): object => ({ drawImage: (...args: unknown[]) => drawn.push(args.slice(1)) });
      convertToBlob = async ({ type }: { type: string }): Promise<Blob> => new Blob(["small"], { type });
    },
  );
});
afterEach(() => vi.unstubAllGlobals());

/** The first bytes of a GIF that says it is so large. */
function gif(width: number, height: number): Blob {
  const sides = [width & 255, width >> 8, height & 255, height >> 8];
  return new Blob([new Uint8Array([..."GIF89a"].map((c) => c.charCodeAt(0)).concat(sides))]);
}

it.each([
  [960, 480, 480, 240],
  [480, 960, 240, 480],
  [481, 3, 480, 3],
  [10_000, 1, 480, 1],
])("an image of %d × %d is drawn as %d × %d", async (width, height, smallWidth, smallHeight) => {
  size = { width, height };
  const made = await thumbnail(new Blob(["x"], { type: "image/png" }));
  expect([made.type, await made.text()]).toEqual(["image/webp", "small"]);
  expect(canvases).toEqual([[smallWidth, smallHeight]]);
  expect(drawn).toEqual([[0, 0, smallWidth, smallHeight]]);
  expect(closed).toBe(1);
});

it.each([
  ["is small already", 480, 480, "image/png"],
  ["may move", 960, 960, "image/gif"],
])("an image that %s is shown as it is", async (_, width, height, type) => {
  size = { width, height };
  const blob = new Blob(["x"], { type });
  expect(await thumbnail(blob)).toBe(blob);
  expect([canvases.length, closed]).toEqual([0, 1]);
});

it("what was unpacked is given back also where it cannot be made smaller", async () => {
  size = { width: 960, height: 960 };
  vi.stubGlobal("OffscreenCanvas", undefined);
  await expect(thumbnail(new Blob(["x"]))).rejects.toThrow();
  expect(closed).toBe(1);
});

it("as many pixels as are allowed are unpacked, and not one row more", async () => {
  await expect(checkPicture(gif(8_000, MOST_PIXELS / 8_000))).resolves.toBeUndefined();
  await expect(checkPicture(gif(8_000, MOST_PIXELS / 8_000 + 1))).rejects.toThrow("too many pixels");
});

it("an image whose size is nowhere said is left to the browser", async () => {
  await expect(checkPicture(new Blob(["no picture"]))).resolves.toBeUndefined();
  await expect(checkPicture(new Blob([]))).resolves.toBeUndefined();
});
