/** What a notebook front-end must offer to carry a widget. One implementation a host; it knows no widget by name. */
export interface Host {
  /** Hands a message to the kernel. Throws when the kernel's comm is gone. */
  send(message: object): void;
  /** Calls back for each custom message of the kernel, with its binary parts, until `signal` aborts. */
  onMessage(listener: (message: unknown, buffers?: readonly DataView[]) => void, signal: AbortSignal): void;
  /** What the host knows of the kernel at this moment. */
  kernelStatus(): KernelStatus;
  /** Calls back when the way to the kernel, or what the host knows of it, changed (restart, shutdown, page offline). */
  onLinkChange(listener: () => void, signal: AbortSignal): void;
  /** The notebook application's own handle of the widgets, for parts that look for more in it; they rely on nothing. */
  readonly manager?: unknown;
  /** Whether the page has a network, as far as the browser knows. */
  isOnline(): boolean;
  /** Reads a synchronised trait. */
  trait(name: string): unknown;
  /** Calls back when a trait changes, until `signal` aborts. */
  onTrait(name: string, listener: () => void, signal: AbortSignal): void;
  /** Asks the hub over HTTP, where the host has such a way; of a widget in a notebook the second way may have one. */
  readonly request?: Requester;
}

/** Asks the hub for a path such as `files/…`, as the person of the chat; rejects where nobody answers. */
export type Requester = (path: string, init: RequestInit) => Promise<Response>;

/**
 * `restarted`: another kernel runs where this widget's ran, and knows nothing of it; `gone`: none does;
 * `unreachable`: the page has lost the server; `unknown`: this host cannot tell.
 */
export type KernelStatus = "unknown" | "idle" | "busy" | "unreachable" | "restarted" | "gone";
