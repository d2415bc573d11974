// A chunk travels once a page and build, however many widgets show it and whatever copies of this module there are.
import type { ChunkFactory } from "./read-chunk";

const CACHE = Symbol.for("conduit_widget.chunks");

type Cache = Map<string, Promise<ChunkFactory>>;

/**
 * Returns the chunk that somebody on this page has fetched, or fetches it. When somebody else's attempt fails (that
 * widget's kernel may have died), this one is made all the same.
 */
export async function oncePerPage(key: string, fetch: () => Promise<ChunkFactory>): Promise<ChunkFactory> {
  const page = globalThis as { [CACHE]?: Cache };
  page[CACHE] ??= new Map();
  const cache = page[CACHE];
  for (let others = cache.get(key); others; others = cache.get(key)) {
    try {
      return await others;
    } catch {
      if (cache.get(key) === others) cache.delete(key);
    }
  }
  const own = fetch();
  cache.set(key, own);
  try {
    return await own;
  } catch (error) {
    if (cache.get(key) === own) cache.delete(key);
    throw error;
  }
}
