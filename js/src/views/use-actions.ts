import { useChunk } from "../lazy/lazy";
import type { ChunkModules } from "../lazy/modules";

/** What can be done with a message, once it has come; the chat asks for it after its first picture. */
export function useActions(): ChunkModules["actions"] | null {
  return useChunk("actions", false).module;
}
