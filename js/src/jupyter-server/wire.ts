// How the messages of a view travel on a WebSocket: each as JSON in a text frame; one with binary parts as a binary frame
// of the JSON's length (4 bytes, big-endian), the JSON, and each part's length and bytes.

export interface Received {
  message: unknown;
  buffers: readonly DataView[];
}

/** Reads a frame; null where it is none of ours. */
export function readFrame(data: unknown): Received | null {
  try {
    if (typeof data === "string") return { message: JSON.parse(data), buffers: [] };
    if (data instanceof ArrayBuffer) return readBinary(data);
  } catch {
    // Neither JSON nor of the lengths that it names.
  }
  return null;
}

function readBinary(data: ArrayBuffer): Received {
  const view = new DataView(data);
  const parts: DataView[] = [];
  for (let at = 0; at < data.byteLength; ) {
    const size = view.getUint32(at);
    parts.push(new DataView(data, at + 4, size));
    at += 4 + size;
  }
  const [json, ...buffers] = parts;
  return { message: JSON.parse(new TextDecoder().decode(json)), buffers };
}
