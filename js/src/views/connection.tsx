import type { VNode } from "preact";
import type { Connection } from "../contract";
import type { Store } from "../store";
import { useCountdown, useGrace } from "./use-countdown";

const GRACE_MS = 1_000;
/** The kernel's clock may differ from the browser's: a wait longer than any real one is not shown as a number. */
const LONGEST_WAIT_S = 60;

interface Link {
  tone: "good" | "warn" | "bad" | "idle";
  words: string;
  /** The connection proper, null while the kernel has said nothing yet. */
  connection: Connection | null;
}

/** The connection in words, and counting down while it waits. */
function useLink(store: Store): Link {
  const connection = store.select.connection.value;
  const waiting = connection?.state === "reconnecting" ? connection.retryAt : null;
  const seconds = useCountdown(store.clock, waiting);
  if (store.kernelSilent.value && connection)
    return { tone: "bad", words: "Kernel not answering", connection };
  switch (connection?.state) {
    case "live":
      return { tone: "good", words: "Live", connection };
    case "reconnecting": {
      const counts = seconds !== null && seconds > 0 && seconds <= LONGEST_WAIT_S;
      return { tone: "warn", words: counts ? `Reconnecting in ${seconds} s` : "Reconnecting…", connection };
    }
    case "offline":
      return { tone: "bad", words: "Offline", connection };
    case "removed":
      return { tone: "bad", words: "Removed", connection };
    default:
      return { tone: "idle", words: "Connecting…", connection: connection ?? null };
  }
}

/** The state of the connection, always in view. */
export function ConnectionBadge({ store }: { store: Store }): VNode {
  const { tone, words } = useLink(store);
  return (
    <span class={`badge ${tone}`}>
      <span class={`dot ${tone}`} aria-hidden="true" />
      {words}
    </span>
  );
}

/** Says what is wrong and what helps, once it has lasted a second: short drops pass unnoticed. */
export function ConnectionBanner({ store }: { store: Store }): VNode | null {
  const connection = store.select.connection.value;
  const silent = store.kernelSilent.value;
  const over = connection?.state === "offline" || connection?.state === "removed";
  const show = useGrace(store.clock, silent || over || connection?.state === "reconnecting", GRACE_MS);
  if (!show) return null;
  if (silent) {
    return (
      <div class="banner" role="status">
        <span>
          {connection
            ? "The kernel does not answer. If it was restarted, run the cell again."
            : "Waiting for the kernel. It may be busy, or the cell has to be run again."}
        </span>
      </div>
    );
  }
  return (
    <div class={`banner ${over ? "bad" : "warn"}`}>
      <span role="status">
        {connection?.message || (over ? "The connection is closed." : "The connection to the hub is lost.")}
      </span>
      <button type="button" class="plain" onClick={store.retryConnection}>
        Try now
      </button>
    </div>
  );
}
