import { text } from "../texts/texts";

/** What a chunk's file exports: a function that runs the chunk with the modules that it shares, and returns its exports. */
export type ChunkFactory = (fromKit: (name: string) => object) => object;

/** The build that this bundle belongs to; `scripts/build.mjs` writes it in. */
export const BUILD = "%conduit-build%";

/**
 * Reads a chunk as the kernel sends it: an ES module, compressed with gzip.
 *
 * Throws an Error in plain words when it is no chunk of this build.
 */
export async function readChunk(
  bytes: BlobPart,
  load: (source: string) => Promise<unknown> = loadText,
): Promise<ChunkFactory> {
  const inflated = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const module = await load(await new Response(inflated).text());
  if (!isChunk(module)) throw new Error(text("lazy.noPart"));
  if (module.build !== BUILD) throw new Error(text("lazy.updated"));
  return module.default;
}

function isChunk(module: unknown): module is { build: unknown; default: ChunkFactory } {
  return typeof module === "object" && module !== null && "build" in module && "default" in module;
}

/** A module must have an address; its text is all that this one has. */
async function loadText(source: string): Promise<unknown> {
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  try {
    return await import(/* @vite-ignore */ url);
  } finally {
    URL.revokeObjectURL(url);
  }
}
