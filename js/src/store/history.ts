// Older messages than the kernel sent by itself.
import { type ReadonlySignal, signal } from "@preact/signals";
import { seqOf } from "../messages";
import type { Core } from "./core";

export interface History {
  readonly loadingEarlier: ReadonlySignal<boolean>;
  loadEarlier(): void;
}

export function createHistory(core: Core): History {
  const loadingEarlier = signal(false);
  return {
    loadingEarlier,
    loadEarlier() {
      const { chat } = core.state();
      const beforeSeq = seqOf(chat?.messages[0]);
      if (loadingEarlier.value || !chat?.hasMore || !Number.isFinite(beforeSeq)) return;
      loadingEarlier.value = true;
      core.ask({ kind: "history", beforeSeq }, () => {
        loadingEarlier.value = false;
      });
    },
  };
}
