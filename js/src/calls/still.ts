// A still of a moving picture, as a file.

/** A screen has letters: they stay sharp, unless the file becomes too large for that. */
const MOST_PNG_BYTES = 4 * 1024 * 1024;
const QUALITY = 0.9;

/** Returns what a video shows now, in its own size. Rejects with an Error when it shows nothing yet. */
export async function stillOf(video: HTMLVideoElement, name: string, now = new Date()): Promise<File> {
  const canvas = document.createElement("canvas");
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  canvas.getContext("2d")?.drawImage(video, 0, 0);
  const png = await blobOf(canvas, "image/png");
  const blob = png.size > MOST_PNG_BYTES ? await blobOf(canvas, "image/jpeg") : png;
  const time = now.toISOString().slice(0, 19).replaceAll(":", "").replace("T", "-");
  return new File([blob], `${name}-${time}.${blob.type === "image/png" ? "png" : "jpg"}`, {
    type: blob.type,
  });
}

function blobOf(canvas: HTMLCanvasElement, type: string): Promise<Blob> {
  return new Promise((resolve, reject) => {
    canvas.toBlob(
      (blob) => (blob ? resolve(blob) : reject(new Error("There is no picture."))),
      type,
      QUALITY,
    );
  });
}
