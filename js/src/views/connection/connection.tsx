import type { VNode } from "preact";
import type { ConnectionInfo } from "../../contract";
import { isLost, type KernelHealth } from "../../kernel/link";
import { hubTrouble, KERNEL_TROUBLES } from "../../state/troubles";
import type { Way } from "../../state/way";
import { text } from "../../texts/texts";
import { useCountdown, useGrace } from "../use-countdown";

const GRACE_MS = 1_000;
/** Connecting for the first time may start a hub: before this is over, nothing is wrong. */
const FIRST_GRACE_MS = 8_000;
/** The kernel's clock may differ from the browser's: a wait longer than any real one is not shown as a number. */
const LONGEST_WAIT_S = 60;

interface Link {
  tone: "good" | "warn" | "bad" | "idle";
  words: string;
  /** Whether it waits for a moment that is known, which need not be waited for. */
  counts?: boolean;
}

/** The connection in words, and counting down while it waits. */
function useLink(way: Way): Link {
  const connection = way.connection.value;
  const kernel = way.kernel.value;
  const seconds = useCountdown(way.clock, isTrying(connection) ? connection.retryAt : null);
  // A kernel that has said nothing yet may just be slow to begin, unless the host knows better.
  if (isLost(kernel) || (kernel !== "answering" && connection)) {
    return { tone: kernel === "blocked" ? "warn" : "bad", words: text(KERNEL_TROUBLES[kernel].badge) };
  }
  if (seconds !== null && seconds > 0 && seconds <= LONGEST_WAIT_S) {
    const key = connection?.state === "reconnecting" ? "connection.reconnectingIn" : "connection.tryingIn";
    return { tone: "warn", words: text(key, { seconds }), counts: true };
  }
  return linkOf(connection, way.paused?.value === true);
}

function linkOf(connection: ConnectionInfo | null, paused: boolean): Link {
  switch (connection?.state) {
    case "live":
      return paused
        ? { tone: "idle", words: text("connection.paused") }
        : { tone: "good", words: text("connection.live") };
    case "reconnecting":
      return { tone: "warn", words: text("connection.reconnecting") };
    case "offline":
      return { tone: "bad", words: text("connection.offline") };
    case "removed":
      return { tone: "bad", words: text("connection.removed") };
    default:
      return { tone: hasFailed(connection) ? "warn" : "idle", words: text("connection.connecting") };
  }
}

/** The state of the connection, always in view; while it counts down, a button tries at once. */
export function ConnectionBadge({ way }: { way: Way }): VNode {
  const { tone, words, counts } = useLink(way);
  return (
    <>
      <span class={`badge ${tone}`} title={way.second?.value?.words.value}>
        <span class={`dot ${tone}`} aria-hidden="true" />
        {words}
      </span>
      {counts && (
        <button type="button" class="plain now" onClick={way.retryConnection}>
          {text("connection.now")}
        </button>
      )}
    </>
  );
}

/** Says what is wrong and what helps, once it has lasted a second: short drops pass unnoticed. */
export function ConnectionBanner({ way }: { way: Way }): VNode | null {
  const connection = way.connection.value;
  const kernel = way.kernel.value;
  const first = kernel === "answering" && connection?.state === "connecting" && !hasFailed(connection);
  const wrong = kernel !== "answering" || (connection !== null && connection.state !== "live" && !first);
  const show = useGrace(way.clock, wrong, GRACE_MS);
  const waitsLong = useGrace(way.clock, first, FIRST_GRACE_MS);
  if (kernel !== "answering") return show ? <KernelBanner way={way} kernel={kernel} /> : null;
  if (!connection || !(show || waitsLong)) return null;
  const over = connection.state === "offline" || connection.state === "removed";
  return (
    <div class={over ? "banner bad" : "banner warn"}>
      <span role="status">{hubTrouble(connection)}</span>
      {/* While it tries by itself, the badge counts down and has the button. */}
      {!isCounted(connection, way.clock) && <TryNow way={way} />}
    </div>
  );
}

function KernelBanner({ way, kernel }: { way: Way; kernel: Exclude<KernelHealth, "answering"> }): VNode {
  return (
    <div class={isLost(kernel) ? "banner bad" : "banner warn"}>
      <span role="status">
        {(kernel === "blocked" && way.second?.value?.refusal.value) || text(KERNEL_TROUBLES[kernel].text)}
      </span>
      {/* Where no try could help, no button offers one. */}
      {!isLost(kernel) && kernel !== "blocked" && <TryNow way={way} />}
    </div>
  );
}

function TryNow({ way }: { way: Way }): VNode {
  return (
    <button type="button" class="plain" onClick={way.retryConnection}>
      {text("connection.tryNow")}
    </button>
  );
}

function isTrying(connection: ConnectionInfo | null): connection is ConnectionInfo {
  return connection?.state === "reconnecting" || connection?.state === "connecting";
}

/** Whether it tries by itself, at a moment that can be said or at this one. */
function isCounted(connection: ConnectionInfo, clock: Way["clock"]): boolean {
  const wait = ((connection.retryAt ?? 0) - clock.now()) / 1000;
  return isTrying(connection) && wait <= LONGEST_WAIT_S;
}

/** Whether an attempt to connect has failed already. */
function hasFailed(connection: ConnectionInfo | null): boolean {
  return connection !== null && (connection.attempt > 0 || Boolean(connection.message));
}
