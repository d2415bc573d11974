import type { KernelLink } from "../kernel-link";
import { text } from "../texts/texts";
import type { AskForChunk } from "./chunks";

/** Asks for chunks over the widget's own way to the kernel, which works in every host. */
export function askForChunk(link: Pick<KernelLink, "request">): AskForChunk {
  return (name) =>
    new Promise((resolve, reject) => {
      link.request({ kind: "chunk", name }, (reply) => {
        const [bytes] = (reply.ok && reply.buffers) || [];
        if (bytes) resolve(bytes as BufferSource);
        else reject(new Error(reply.ok ? text("lazy.nothing") : reply.error.message));
      });
    });
}
