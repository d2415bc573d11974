// Older messages than the kernel sent by itself.
import { type ReadonlySignal, signal } from "@preact/signals";
import { seqOf } from "../messages/parts";
import type { Core } from "./core";

export interface History {
  readonly loadingEarlier: ReadonlySignal<boolean>;
  /** Asks for older messages; `loaded` is told whether any came. */
  loadEarlier(loaded?: (more: boolean) => void): void;
}

export function createHistory(core: Core): History {
  const loadingEarlier = signal(false);
  /** Told when what is on its way has come. */
  let waiting: ((more: boolean) => void)[] = [];
  return {
    loadingEarlier,
    loadEarlier(loaded = () => {}) {
      const { chat } = core.state();
      const beforeSeq = seqOf(chat?.messages[0]);
      if (!chat?.hasMore || !Number.isFinite(beforeSeq)) {
        loaded(false);
        return;
      }
      waiting.push(loaded);
      if (loadingEarlier.value) return;
      loadingEarlier.value = true;
      core.ask({ kind: "history", beforeSeq }, (reply) => {
        loadingEarlier.value = false;
        const more = reply.ok && seqOf(core.state().chat?.messages[0]) < beforeSeq;
        const told = waiting;
        waiting = [];
        for (const tell of told) tell(more);
      });
    },
  };
}
