import { type ComponentChildren, createContext, type VNode } from "preact";
import { useContext, useEffect } from "preact/hooks";
import { text } from "../texts/texts";
import type { ChunkState, Chunks } from "./chunks";
import type { ChunkModules, ChunkName } from "./modules";

/** The chunks of the model whose view this is; without a model there are none. */
export const ChunksContext = createContext<Chunks | null>(null);

const NONE: ChunkState<never> = { module: null, error: null };

/** The chunk's module once it is there; the first component that is `wanted` fetches it. */
export function useChunk<N extends ChunkName>(name: N, wanted = true): ChunkState<ChunkModules[N]> {
  const chunks = useContext(ChunksContext);
  const state = chunks?.state(name).value ?? NONE;
  useEffect(() => {
    // Its failure is in the state.
    if (wanted && chunks && !state.error) chunks.load(name).catch(() => {});
  }, [chunks, name, wanted]);
  return state;
}

interface LazyProps<N extends ChunkName> {
  chunk: N;
  /** Draws with what the chunk exports. */
  children: (module: ChunkModules[N]) => ComponentChildren;
  /** Stands there while the chunk is on its way: something quiet, of the same size if that is known. */
  waiting?: ComponentChildren;
}

/** Shows a part of the chat that is fetched when it is first needed; says why when it cannot be fetched. */
export function Lazy<N extends ChunkName>({ chunk, children, waiting = null }: LazyProps<N>): VNode {
  const chunks = useContext(ChunksContext);
  const { module, error } = useChunk(chunk);
  if (module) return <>{children(module)}</>;
  if (error === null) return <>{waiting}</>;
  return (
    <p class="unloaded" role="alert">
      {text("lazy.failed", { reason: error })}{" "}
      <button type="button" class="plain" onClick={() => chunks?.load(chunk).catch(() => {})}>
        {text("lazy.again")}
      </button>
    </p>
  );
}
