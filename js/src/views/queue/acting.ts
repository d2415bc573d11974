import type { Signal } from "@preact/signals";
import type { QueueAction } from "../../kernel/messages";
import type { Store } from "../../store/store";

/** Asks the kernel to change what waits; resolves with whether it did. Why not is put into `problem`. */
export async function act(
  store: Store,
  change: { id: string } & QueueAction,
  problem?: Signal<string | null>,
): Promise<boolean> {
  if (problem) problem.value = null;
  try {
    await store.ask({ kind: "queue", ...change });
    return true;
  } catch (error) {
    if (problem) problem.value = error instanceof Error ? error.message : String(error);
    return false;
  }
}
