// The place of a call on the hub's own page: its hub is asked without a kernel, with the key of a seat.
import { type ReadonlySignal, signal } from "@preact/signals";
import type { CallPlace, Signalling } from "../calls/signalling";
import type { Clock } from "../clock";
import type { Call, CallMedia, CallSignal, ConnectionInfo, Participant } from "../contract";
import { uuid } from "../identifier";
import { ConnectionLost, openWire } from "./wire";

/** What a ticket was given back for. */
export interface Seat {
  key: string;
  conversationId: string;
  userId: string;
  userName: string;
}

export interface HubPlace extends CallPlace {
  readonly people: ReadonlySignal<readonly Participant[]>;
  /** Why the hub lets one in no more; empty while nobody knows. */
  readonly ended: ReadonlySignal<string | null>;
  close(): void;
}

interface Joined {
  call?: Call | null;
  participants?: Participant[];
}

const LIVE = { state: "live" } as ConnectionInfo;
const RECONNECTING = { state: "reconnecting" } as ConnectionInfo;
const REMOVED = { state: "removed" } as ConnectionInfo;

/** Connects at once to the hub whose page this is. */
export function hubPlace(seat: Seat, hub: URL, clock: Clock): HubPlace {
  const { conversationId } = seat;
  const call = signal<Call | null>(null);
  const connection = signal<ConnectionInfo | null>(null);
  const people = signal<readonly Participant[]>([]);
  const ended = signal<string | null>(null);
  const listeners = new Set<(told: CallSignal) => void>();

  let arrived = (): void => {};
  let refused = (_: Error): void => {};
  const coming = new Promise<void>((resolve, reject) => {
    [arrived, refused] = [resolve, reject];
  });
  coming.catch(() => {}); // also where nobody wants to join

  /** Those in the call through this page, with what they send: put back after a lost connection. */
  const inCall = new Map<string, CallMedia>();

  const come = async (): Promise<void> => {
    const joined = await wire.invoke<Joined>("JoinConversation", conversationId);
    people.value = joined.participants ?? [];
    call.value = joined.call ?? null;
    for (const [peerId, media] of inCall) await wire.invoke("JoinCall", conversationId, peerId, media);
    connection.value = LIVE;
    arrived();
  };
  const wire = openWire({
    clock,
    open() {
      const address = new URL("hubs/chat", hub);
      address.protocol = address.protocol.replace("http", "ws");
      address.searchParams.set("access_token", seat.key);
      return new WebSocket(address);
    },
    connected: () =>
      void come().catch((error: Error) => {
        // One comes in by the next connection.
        if (!(error instanceof ConnectionLost)) end(error.message);
      }),
    lost(reason) {
      if (reason === null) connection.value = RECONNECTING;
      else end(reason);
    },
    hear(target, values) {
      if (values[0] !== conversationId) return;
      if (target === "CallUpdated") call.value = values[1] as Call | null;
      else if (target === "RemovedFromConversation") connection.value = REMOVED;
      else if (target === "Signal") {
        const [, fromPeerId, toPeerId, told] = values as [string, string, string, CallSignal["signal"]];
        for (const listener of listeners) listener({ fromPeerId, toPeerId, signal: told });
      }
    },
  });
  const end = (reason: string): void => {
    wire.close();
    connection.value = REMOVED;
    ended.value = reason;
    refused(new Error(reason));
  };

  return {
    ...{ call, connection, people, ended },
    place: signal(conversationId),
    onSignal(listener, lifetime) {
      listeners.add(listener);
      lifetime.addEventListener("abort", () => listeners.delete(listener), { once: true });
    },
    signalling(): Signalling {
      const peerId = uuid();
      let hasLeft = false;
      const goOut = (): void => {
        wire.invoke("LeaveCall", conversationId, peerId).catch(() => {}); // its end says the same
      };
      return {
        peerId,
        async join(media) {
          // A page that was loaded again joins before it is connected.
          if (connection.peek() === null) await coming;
          if (hasLeft) throw new ConnectionLost();
          const joined = await wire.invoke<Call>("JoinCall", conversationId, peerId, media);
          if (hasLeft) goOut();
          else inCall.set(peerId, media);
          return joined;
        },
        update(media) {
          if (inCall.has(peerId)) inCall.set(peerId, media);
          return wire.invoke("UpdateCall", conversationId, peerId, media);
        },
        signal: (to, told) => wire.invoke("SendSignal", conversationId, peerId, to, told),
        alive() {
          // The connection says so.
        },
        leave() {
          hasLeft = true;
          inCall.delete(peerId);
          goOut();
        },
      };
    },
    close: () => wire.close(),
  };
}
