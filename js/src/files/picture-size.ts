// How large an image is once it is unpacked, from its first bytes: one of a few kilobytes may have a billion pixels.

export interface PictureSize {
  width: number;
  height: number;
}

/** The most pixels that are unpacked: 160 MB. */
export const MOST_PIXELS = 40_000_000;

const ISPE = 0x69737065;

/** The size that a PNG, GIF, BMP, JPEG, WebP or AVIF says it has; null where it says none that can be read. */
export function pictureSize(head: Uint8Array): PictureSize | null {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const is = (at: number, mark: string): boolean =>
    [...mark].every((letter, index) => head[at + index] === letter.charCodeAt(0));
  try {
    if (is(1, "PNG")) return { width: view.getUint32(16), height: view.getUint32(20) };
    if (is(0, "GIF8")) return { width: view.getUint16(6, true), height: view.getUint16(8, true) };
    if (is(0, "BM"))
      return { width: Math.abs(view.getInt32(18, true)), height: Math.abs(view.getInt32(22, true)) };
    if (is(0, "RIFF") && is(8, "WEBP")) return webpSize(view, is);
    if (is(4, "ftyp")) return avifSize(view);
    if (head[0] === 0xff && head[1] === 0xd8) return jpegSize(view);
  } catch {
    // It ends before it says.
  }
  return null;
}

function webpSize(view: DataView, is: (at: number, mark: string) => boolean): PictureSize | null {
  const three = (at: number): number => view.getUint16(at, true) | (view.getUint8(at + 2) << 16);
  if (is(12, "VP8X")) return { width: three(24) + 1, height: three(27) + 1 };
  if (is(12, "VP8L")) {
    const bits = view.getUint32(21, true);
    return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
  }
  if (!is(12, "VP8 ")) return null;
  return { width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff };
}

function jpegSize(view: DataView): PictureSize | null {
  for (let at = 2; ; at += 2 + view.getUint16(at + 2)) {
    while (view.getUint8(at + 1) === 0xff) at += 1;
    const marker = view.getUint8(at + 1);
    if (view.getUint8(at) !== 0xff || marker === 0xda) return null;
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker))
      return { height: view.getUint16(at + 5), width: view.getUint16(at + 7) };
  }
}

/** The largest of its parts: each "ispe" is followed by four bytes of flags, the width and the height. */
function avifSize(view: DataView): PictureSize | null {
  let largest: PictureSize | null = null;
  for (let at = 8; at + 16 <= view.byteLength; at += 1) {
    if (view.getUint32(at) !== ISPE) continue;
    const [width, height] = [view.getUint32(at + 8), view.getUint32(at + 12)];
    if (width * height >= (largest ? largest.width * largest.height : 0)) largest = { width, height };
  }
  return largest;
}
