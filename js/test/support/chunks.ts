import { type Signal, signal } from "@preact/signals";
import * as actions from "../../src/chunks/actions";
import * as context from "../../src/chunks/context";
import * as details from "../../src/chunks/details";
import * as tools from "../../src/chunks/drawing/tools";
import * as emoji from "../../src/chunks/emoji";
import * as files from "../../src/chunks/files";
import * as finding from "../../src/chunks/finding";
import * as queue from "../../src/chunks/queue";
import * as sheets from "../../src/chunks/sheets";
import * as voice from "../../src/chunks/voice";
import * as writing from "../../src/chunks/writing";
import type { ChunkState, Chunks } from "../../src/lazy/chunks";

const MODULES: Readonly<Record<string, object>> = {
  actions,
  context,
  details,
  emoji,
  files,
  finding,
  queue,
  sheets,
  tools,
  voice,
  writing,
};

/** Chunks that come from their sources, without a kernel; the others never come. */
export function chunksFromSource(): Chunks {
  const states = new Map<string, Signal<ChunkState<object>>>();
  const stateOf = (name: string): Signal<ChunkState<object>> => {
    const known = states.get(name) ?? signal<ChunkState<object>>({ module: null, error: null });
    states.set(name, known);
    return known;
  };
  const load = async (name: string): Promise<object> => {
    const module = await (MODULES[name] ?? new Promise<never>(() => {}));
    const state = stateOf(name);
    if (!state.value.module) state.value = { module, error: null };
    return module;
  };
  return { styles: signal([]), load, state: stateOf } as unknown as Chunks;
}
