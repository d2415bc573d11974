// Small pictures of images, made here; nothing is unpacked that says it is huge.
import { text } from "../texts/texts";
import { MOST_PIXELS, type PictureSize, pictureSize } from "./picture-size";

const LONGEST_SIDE = 480;
const HEAD_BYTES = 256 * 1024;

/** Refuses an image that would take too much room. Rejects with an Error in plain words. */
export async function checkPicture(blob: Blob): Promise<void> {
  const read = async (part: Blob): Promise<PictureSize | null> =>
    pictureSize(new Uint8Array(await part.arrayBuffer()));
  // What a camera adds may come before the size.
  const size = (await read(blob.slice(0, HEAD_BYTES))) ?? (await read(blob));
  if (size && size.width * size.height > MOST_PIXELS) throw new Error(text("attach.hugePicture"));
}

/** Makes a small picture of an image; the image itself where it is small already, or cannot be made smaller. */
export async function thumbnail(blob: Blob): Promise<Blob> {
  await checkPicture(blob);
  const bitmap = await createImageBitmap(blob);
  try {
    const scale = LONGEST_SIDE / Math.max(bitmap.width, bitmap.height);
    // What moves goes on moving.
    if (scale >= 1 || blob.type === "image/gif") return blob;
    const canvas = new OffscreenCanvas(
      Math.max(Math.round(bitmap.width * scale), 1),
      Math.max(Math.round(bitmap.height * scale), 1),
    );
    canvas.getContext("2d")?.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    return await canvas.convertToBlob({ type: "image/webp", quality: 0.85 });
  } finally {
    bitmap.close();
  }
}
