import { useContext } from "preact/hooks";
import { ChunksContext, useChunk } from "../../lazy/lazy";
import type { ChunkModules } from "../../lazy/modules";
import type { Store } from "../../store/store";

/** Takes a key of the field before the field does; returns whether it took it. */
export type FieldKeys = (event: KeyboardEvent) => boolean;

type Helpers = ChunkModules["writing"];

interface Writing {
  /** What helps while one writes; null until it is there. */
  writing: Helpers | null;
  /** Waits for it. Rejects with an Error in plain words. */
  loaded(): Promise<Helpers>;
}

/** The part of the composer that is fetched once the first picture stands: writing works without it. */
export function useWriting(store: Store): Writing {
  const chunks = useContext(ChunksContext);
  const { module } = useChunk("writing", store.select.settled.value !== null);
  return {
    writing: module,
    loaded: () => chunks?.load("writing") ?? Promise.reject(new Error("")),
  };
}
