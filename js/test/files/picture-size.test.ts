// How large a picture says it is.
import { describe, expect, it } from "vitest";
import { pictureSize } from "../../src/files/picture-size";
import { checkPicture } from "../../src/files/thumbnail";
import { attach } from "../../src/texts/en/attach";
import { addTexts } from "../../src/texts/texts";

addTexts(attach);

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
    [
      "JPEG with other parts and fill bytes before",
      bytes([0xff, 0xd8, 0xff, 0xc4, 0, 3, 0, 0xff, 0xff, 0xff, 0xc2, 0, 11, 8, 0, 200, 1, 44]),
      ...[300, 200],
    ],
    ["WebP that loses nothing", bytes("RIFF....WEBPVP8L.....", [43, 193, 49, 0]), 300, 200],
    ["simple WebP", bytes("RIFF....WEBPVP8 ", new Array(10).fill(0), [44, 0x41, 200, 0x80]), 300, 200],
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

  it.each([
    ["nothing", []],
    ["a text", ["nothing"]],
    ["a PNG that ends before it says", [[0x89], "PNG\r\n\x1a\n", [0, 0, 0, 13]]],
    ["a GIF that ends before it says", ["GIF8"]],
    ["a JPEG that ends within its parts", [[0xff, 0xd8, 0xff, 0xe0, 0xff]]],
    ["a JPEG whose picture begins without a size", [[0xff, 0xd8, 0xff, 0xda, 0, 4, 0, 0]]],
    ["a JPEG whose parts are none", [[0xff, 0xd8, 0x12, 0x34, 0, 0, 0, 0]]],
    ["a WebP of a kind that is not known", ["RIFF....WEBPVP9 ", new Array(20).fill(1)]],
    ["a film, which has no size of a picture", ["....ftypisom", new Array(40).fill(0)]],
  ] as [string, (string | number[])[]][])("is not guessed of %s", (_, parts) => {
    expect(pictureSize(bytes(...parts))).toBeNull();
  });

  it("is read where the bytes are a part of others", () => {
    const gif = bytes("....GIF89a", [44, 1, 200, 0]);
    expect(pictureSize(gif.subarray(4))).toEqual({ width: 300, height: 200 });
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
