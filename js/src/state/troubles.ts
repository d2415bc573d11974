// What is wrong on the way to the model, in words, with what to do about it.
import type { ConnectionInfo } from "../contract";
import type { KernelHealth } from "../kernel/link";
import { type PlainKey, retold, text } from "../texts/texts";

interface Trouble {
  /** Two or three words. */
  badge: PlainKey;
  /** A sentence or two. */
  text: PlainKey;
}

export const KERNEL_TROUBLES: Record<Exclude<KernelHealth, "answering">, Trouble> = {
  blocked: {
    badge: "Kernel busy",
    text: "A cell is running. What you do here waits until it ends; Kernel → Interrupt ends it now.",
  },
  silent: {
    badge: "Kernel not answering",
    text: "The kernel does not answer: it is busy, or it was restarted; then run the cell again.",
  },
  offline: {
    badge: "Page offline",
    text: "This page has no network. It goes on by itself when the network is back.",
  },
  unreachable: {
    badge: "Page offline",
    text: "This page has lost the Jupyter server. It goes on by itself when the server is back.",
  },
  restarted: {
    badge: "Kernel restarted",
    text: "The kernel was restarted: run the cell again to go on.",
  },
  gone: {
    badge: "Kernel stopped",
    text: "The kernel was shut down: start it and run the cell again to go on.",
  },
};

/** Why Stop has not worked yet, and what does stop the answer; `unheard`: the kernel has not taken it. */
export function stopHint(unheard: boolean, health: KernelHealth, connection: ConnectionInfo | null): string {
  if (health !== "answering" && health !== "blocked") return text(KERNEL_TROUBLES[health].text);
  if (unheard || health === "blocked") {
    return text("A cell is running, and the kernel has not heard this yet. Kernel → Interrupt ends it now.");
  }
  if (connection && connection.state !== "live") return hubTrouble(connection);
  return text("The hub has not answered yet.");
}

/** Why the hub cannot be reached, as the kernel says. */
export function hubTrouble(connection: ConnectionInfo): string {
  const reason = retold(connection.message);
  if (reason) return reason;
  if (connection.state === "connecting") return text("The hub has not answered yet.");
  if (connection.state === "reconnecting") return text("The connection to the hub is lost.");
  return text("The connection is closed.");
}

/** Why a request has had no reply for so long, in words; null where it is right to wait on. */
export function overdueLine(
  kind: string,
  health: KernelHealth,
  connection: ConnectionInfo | null,
): string | null {
  if (health === "blocked" && (kind === "send" || kind === "chunk")) return null; // taken when the cell ends
  if (health !== "answering") return text(KERNEL_TROUBLES[health].text);
  // The kernel holds the message and sends it once when the hub is back.
  const state = connection?.state;
  if (kind === "send" && (state === "connecting" || state === "reconnecting")) return null;
  return text("No answer came within 30 s. Try again.");
}

/** What is said of an own message that is on its way. */
export function sendingLine(health: KernelHealth, connection: ConnectionInfo | null): string {
  if (health !== "answering") return text("sending.kernel");
  return text(connection && connection.state !== "live" ? "sending.connection" : "sending.sending");
}
