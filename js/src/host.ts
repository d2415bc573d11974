import type { ViewMessage } from "./contract";

/** What a notebook front-end must offer to carry the chat. One implementation a host. */
export interface Host {
  /** Hands a message to the kernel. Throws when the kernel's comm is gone. */
  send(message: ViewMessage): void;
  /** Calls back for each custom message of the kernel, until `signal` aborts. */
  onMessage(listener: (message: unknown) => void, signal: AbortSignal): void;
  /** Calls back when the way to the kernel went down or came up again (restart, page offline). */
  onLinkChange(listener: () => void, signal: AbortSignal): void;
  /** Reads a synchronised trait. */
  trait(name: TraitName): unknown;
  /** Calls back when a trait changes, until `signal` aborts. */
  onTrait(name: TraitName, listener: () => void, signal: AbortSignal): void;
}

/** The traits both languages know by these names. */
export type TraitName = "conversation_id" | "height";
