// The parts of the chat that are fetched when they are first needed.
import { type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { fromKit } from "./kit";
import type { ChunkModules, ChunkName } from "./modules";
import { oncePerPage } from "./page-cache";
import { BUILD, type ChunkFactory, readChunk } from "./read-chunk";

export interface ChunkState<Module> {
  readonly module: Module | null;
  /** Why the last attempt failed, in plain words. */
  readonly error: string | null;
}

export interface Chunks {
  /** Style sheets of the chunks that have come, for every shadow root that shows them. */
  readonly styles: ReadonlySignal<readonly CSSStyleSheet[]>;
  /** Fetches a chunk unless it is there or under way. Rejects with an Error in plain words; may be called again then. */
  load<N extends ChunkName>(name: N): Promise<ChunkModules[N]>;
  /** The chunk as it is now. Reading this fetches nothing. */
  state<N extends ChunkName>(name: N): ReadonlySignal<ChunkState<ChunkModules[N]>>;
}

/** Asks the kernel for a chunk; resolves with its bytes. */
export type AskForChunk = (name: string) => Promise<BlobPart>;

interface Entry {
  readonly state: Signal<ChunkState<object>>;
  loading: Promise<object> | null;
}

/**
 * The chunks of one model. Their text is fetched and compiled once a page; each model runs it with its own main bundle's
 * modules, because each anywidget model has a copy of Preact.
 */
export function createChunks(
  ask: AskForChunk,
  read: (bytes: BlobPart) => Promise<ChunkFactory> = readChunk,
): Chunks {
  const entries = new Map<string, Entry>();
  const styles = signal<readonly CSSStyleSheet[]>([]);

  const entryOf = (name: string): Entry => {
    const known = entries.get(name) ?? { state: signal({ module: null, error: null }), loading: null };
    entries.set(name, known);
    return known;
  };

  const run = async (name: string): Promise<object> => {
    const factory = await oncePerPage(`${BUILD}/${name}`, async () => read(await ask(name)));
    const module = factory(fromKit);
    if ("css" in module && typeof module.css === "string")
      styles.value = [...styles.value, sheet(module.css)];
    return module;
  };

  const load = (name: string): Promise<object> => {
    const entry = entryOf(name);
    const { module } = entry.state.peek();
    if (module) return Promise.resolve(module);
    entry.state.value = { module: null, error: null };
    entry.loading ??= run(name)
      .then(
        (loaded) => {
          entry.state.value = { module: loaded, error: null };
          return loaded;
        },
        (error: unknown) => {
          entry.state.value = { module: null, error: error instanceof Error ? error.message : String(error) };
          throw error;
        },
      )
      .finally(() => {
        entry.loading = null;
      });
    return entry.loading;
  };

  return { styles, load, state: (name: string) => entryOf(name).state } as Chunks;
}

function sheet(css: string): CSSStyleSheet {
  const made = new CSSStyleSheet();
  made.replaceSync(css);
  return made;
}
