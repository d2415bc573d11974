// How a view takes part in a call: by its kernel, which is a member of the conversation, or on the hub's own page.
import type { ReadonlySignal } from "@preact/signals";
import type { Call, CallMedia, CallSignal, ConnectionInfo } from "../contract";
import { uuid } from "../identifier";
import type { Store } from "../store/store";

export interface Signalling {
  /** One view; a new one each time somebody joins. */
  readonly peerId: string;
  join(media: CallMedia): Promise<Call>;
  update(media: CallMedia): Promise<void>;
  signal(toPeerId: string, signal: CallSignal["signal"]): Promise<void>;
  /** Says that this view lives. */
  alive(): void;
  /** Needs no reply: the page may be about to end. */
  leave(): void;
}

/** Where a session is: what it is told, and how it makes itself heard. */
export interface CallPlace {
  readonly call: ReadonlySignal<Call | null>;
  readonly connection: ReadonlySignal<ConnectionInfo | null>;
  /** Who one is where: another place ends the call. */
  readonly place: ReadonlySignal<string>;
  onSignal(listener: (told: CallSignal) => void, lifetime: AbortSignal): void;
  signalling(): Signalling;
  /** A page of the hub's own with this call; its address is good once, for `expiresIn` seconds. */
  page?(): Promise<{ url: string; expiresIn: number }>;
}

interface Told extends CallSignal {
  kind?: string;
}

/** The place of a chat's view: everything goes through its kernel. */
export function kernelPlace(
  store: Store,
  parts: Pick<CallPlace, "call" | "connection" | "place">,
): CallPlace {
  const { host } = store;
  return {
    ...parts,
    onSignal(listener, lifetime) {
      host.onMessage((message) => {
        const told = message as Told | null;
        if (told?.kind === "signal") listener(told);
      }, lifetime);
    },
    page: () => store.ask({ kind: "call", action: "page" }),
    signalling() {
      const peerId = uuid();
      const tell = (message: object): void => {
        try {
          host.send({ kind: "call", peerId, ...message });
        } catch {
          // The kernel is gone: so is its place in the call.
        }
      };
      return {
        peerId,
        join: (media) => store.ask<Call>({ kind: "call", peerId, action: "join", media }),
        update: (media) => store.ask({ kind: "call", peerId, action: "update", media }),
        signal: (toPeerId, signal) => store.ask({ kind: "call", peerId, action: "signal", toPeerId, signal }),
        alive: () => tell({ action: "alive" }),
        leave: () => tell({ action: "leave", requestId: uuid() }),
      };
    },
  };
}
