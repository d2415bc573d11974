// The store of a widget whose kernel sends its whole state each time.
import { computed, type ReadonlySignal, signal } from "@preact/signals";
import { browserClock, type Clock } from "../clock";
import type { ConnectionInfo } from "../contract";
import type { Host } from "../host/host";
import { createKernelLink } from "../kernel/link";
import { askForChunk } from "../lazy/ask";
import { createCatalogues } from "../lazy/catalogues";
import type { Attached } from "../mount";
import type { Way } from "../state/way";
import { type Catalogues, speakAsAsked } from "../texts/speaking";

export interface Snapshots<State> extends Way {
  /** Null until the kernel has said anything. */
  readonly state: ReadonlySignal<State | null>;
  attach(): Attached;
}

/** Opens such a store; everything it holds ends with `lifetime`. */
export function createSnapshots<State extends { connection: ConnectionInfo }>(
  host: Host,
  lifetime: AbortSignal,
  clock: Clock = browserClock,
  catalogues?: Catalogues,
): Snapshots<State> {
  const state = signal<State | null>(null);
  const link = createKernelLink<State>({
    host,
    clock,
    lifetime,
    position: () => 0,
    heard(message) {
      if (message.kind === "snapshot") state.value = message.state;
    },
    overdue: () => null,
  });
  speakAsAsked(host, lifetime, catalogues ?? createCatalogues(askForChunk(link)), state);
  return {
    clock,
    state,
    kernel: link.health,
    connection: computed(() => state.value?.connection ?? null),
    attach: link.attach,
    retryConnection: link.retry,
  };
}
