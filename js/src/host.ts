import type { ViewMessage } from "./contract";

/** What a notebook front-end must offer to carry the chat. One implementation a host. */
export interface Host {
  /** Hands a message to the kernel. Throws when the kernel's comm is gone. */
  send(message: ViewMessage): void;
  /** Calls back for each custom message of the kernel, until `signal` aborts. */
  onMessage(listener: (message: unknown) => void, signal: AbortSignal): void;
  /** What the host knows of the kernel at this moment. */
  kernelStatus(): KernelStatus;
  /** Calls back when the way to the kernel, or what the host knows of it, changed (restart, shutdown, page offline). */
  onLinkChange(listener: () => void, signal: AbortSignal): void;
  /** Whether the page has a network, as far as the browser knows. */
  isOnline(): boolean;
  /** Reads a synchronised trait. */
  trait(name: TraitName): unknown;
  /** Calls back when a trait changes, until `signal` aborts. */
  onTrait(name: TraitName, listener: () => void, signal: AbortSignal): void;
}

/**
 * `restarted`: another kernel runs where this chat's ran, and knows nothing of it; `gone`: none does;
 * `unreachable`: the page has lost the server; `unknown`: this host cannot tell.
 */
export type KernelStatus = "unknown" | "idle" | "busy" | "unreachable" | "restarted" | "gone";

/** The traits both languages know by these names. */
export type TraitName = "conversation_id" | "height" | "saved_class";
