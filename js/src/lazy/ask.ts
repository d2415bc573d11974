import type { KernelLink } from "../kernel/link";
import { text } from "../texts/texts";
import type { AskForChunk } from "./chunks";

/**
 * Asks for chunks where this module came from, which works while the kernel is busy; and else over the widget's own way to
 * the kernel, which works in every host. There a large one comes in slices, each
 * asked for when the one before has come: what the conversation says meanwhile goes between them.
 */
export function askForChunk(link: Pick<KernelLink, "request">): AskForChunk {
  const slice = (name: string, from: number): Promise<[BlobPart & DataView, unknown]> =>
    new Promise((resolve, reject) => {
      link.request({ kind: "chunk", name, from }, (reply) => {
        const [bytes] = (reply.ok && reply.buffers) || [];
        if (reply.ok && bytes?.byteLength) resolve([bytes as BlobPart & DataView, reply.result]);
        else reject(new Error(reply.ok ? text("lazy.nothing") : reply.error.message));
      });
    });
  return async (name) => {
    const beside = import.meta.url.startsWith("http") && (await fetchBeside(name));
    if (beside) return beside;
    const slices: BlobPart[] = [];
    for (let at = 0, size: unknown = 1; at < Number(size); ) {
      const [bytes, total] = await slice(name, at);
      slices.push(bytes);
      at += bytes.byteLength;
      size = total;
    }
    return new Blob(slices);
  };
}

/** The chunk from where this module came from; undefined where that has no such part. */
async function fetchBeside(name: string): Promise<Blob | undefined> {
  const answer = await fetch(new URL(`${name}.chunk.gz`, import.meta.url)).catch(() => null);
  return answer?.ok ? answer.blob() : undefined;
}
