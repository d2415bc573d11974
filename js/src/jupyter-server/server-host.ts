// The Host of a chat that has no kernel: the Jupyter server runs its view, at the other end of a WebSocket.
import type { Clock } from "../clock";
import type { Host, KernelStatus, Requester } from "../host/host";
import { uuid } from "../identifier";
import { type Liveness, watchLiveness } from "./liveness";
import { readFrame } from "./wire";

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;
/** A try that somebody asks for is made at once, but not at every key press. */
const EAGER_WAIT_MS = 1_000;
/** What waits for the connection; with more, the next is refused. */
const MOST_QUEUED = 200;
/** What may be asked again when the connection broke before the answer: asked twice, it happens once. */
const REPEATABLE: ReadonlySet<unknown> = new Set([
  ...["send", "stop", "edit", "delete", "react"],
  ...["history", "around", "search", "conversations", "chunk"],
  ...["filePiece", "fileRead", "fileRows"],
]);

function base64(bytes: ArrayBuffer): string {
  let letters = "";
  for (const byte of new Uint8Array(bytes)) letters += String.fromCharCode(byte);
  return btoa(letters);
}

interface Request {
  kind: unknown;
  requestId: string;
}

interface Options {
  /** Opens a connection for a view of this conversation. */
  open(conversation: string): WebSocket;
  conversation: string;
  traits: Readonly<Record<string, unknown>>;
  clock: Clock;
  lifetime: AbortSignal;
  request?: Requester;
  /** Requests that somebody else keeps, and makes again, where the connection broke before the answer. */
  keeps?: ReadonlySet<unknown>;
}

const NOTHING: ReadonlySet<unknown> = new Set();

/** Connects at once and for as long as `lifetime` lasts, waiting ever longer between attempts that fail. */
export function serverHost({
  open,
  conversation,
  traits,
  clock,
  lifetime,
  request,
  keeps = NOTHING,
}: Options): Host {
  const listeners = new Set<(message: unknown, buffers?: readonly DataView[]) => void>();
  const links = new Set<() => void>();
  const queue: Request[] = [];
  /** Sent, and not answered yet. */
  const asked = new Map<string, Request>();
  let place = conversation;
  let socket: WebSocket | null = null;
  let isOpen = false;
  let hasFailed = false;
  let wait = FIRST_WAIT_MS;
  let triedAt = Number.NEGATIVE_INFINITY;
  let isSilent = false;
  let liveness: Liveness | null = null;
  let cancelRetry = (): void => {};

  const changed = (): void => {
    for (const listener of [...links]) listener();
  };

  const connect = (): void => {
    cancelRetry();
    if (lifetime.aborted || socket) return;
    triedAt = clock.now();
    const mine = open(place);
    socket = mine;
    let wasHeard = false;
    liveness = watchLiveness({
      clock,
      ask: () => post({ kind: "ping", requestId: uuid() }),
      waiting: () => mine.bufferedAmount,
      silent() {
        isSilent = true;
        changed();
      },
      dead() {
        isLost();
        mine.close();
        // One that has worked is replaced at once: the network may be another one by now.
        if (wasHeard) connect();
      },
    });
    mine.onopen = () => {
      if (socket !== mine) return;
      isOpen = true;
      hasFailed = false;
      liveness?.heard();
      for (const request of [...asked.values(), ...queue.splice(0)]) post(request);
      changed(); // which says hello
    };
    mine.onmessage = ({ data }) => {
      if (socket !== mine) return;
      wasHeard = true;
      wait = FIRST_WAIT_MS;
      liveness?.heard();
      if (isSilent) {
        isSilent = false;
        changed();
      }
      const received = readFrame(data);
      if (received) hear(received.message, received.buffers);
    };
    // An error is always followed by this.
    mine.onclose = () => {
      if (socket === mine) isLost();
    };
  };

  const isLost = (): void => {
    liveness?.stop();
    liveness = null;
    socket = null;
    isOpen = false;
    isSilent = false;
    hasFailed = true;
    for (const [id, { kind }] of asked) if (!REPEATABLE.has(kind) || keeps.has(kind)) asked.delete(id);
    cancelRetry = clock.after(wait * (0.75 + Math.random() / 2), connect);
    wait = Math.min(wait * 2, LONGEST_WAIT_MS);
    changed();
  };

  const hear = (message: unknown, buffers: readonly DataView[]): void => {
    const { kind, requestId, state } = Object(message);
    if (kind === "reply") asked.delete(requestId);
    // After a drop the view goes on where it was by then, not where it began.
    if (kind === "snapshot" && typeof state?.conversationId === "string") place = state.conversationId;
    for (const listener of [...listeners]) listener(message, buffers);
  };

  const post = (message: Partial<Request>): void => {
    if (message.requestId) asked.set(message.requestId, message as Request);
    // A view sends text frames alone.
    socket?.send(
      JSON.stringify(message, (_, value) => (value instanceof ArrayBuffer ? base64(value) : value)),
    );
    if (message.requestId || message.kind === "hello") liveness?.asked();
  };

  const connectSoon = (): void => {
    if (!socket && clock.now() - triedAt >= EAGER_WAIT_MS) connect();
  };

  const listen = <Listener>(set: Set<Listener>, listener: Listener, signal: AbortSignal): void => {
    if (signal.aborted) return;
    set.add(listener);
    signal.addEventListener("abort", () => set.delete(listener), { once: true });
  };

  const status = (): KernelStatus => (!isSilent && (isOpen || !hasFailed) ? "unknown" : "unreachable");

  const doubt = (): void => {
    liveness?.doubt();
    connectSoon();
  };
  const onPage = (event: string, listener: () => void): void =>
    globalThis.addEventListener?.(event, listener, { signal: lifetime });
  const inDocument = (event: string, listener: () => void): void =>
    globalThis.document?.addEventListener(event, listener, { signal: lifetime });
  for (const event of ["online", "offline"])
    onPage(event, () => {
      doubt();
      changed();
    });
  // Somebody is back, maybe after a sleep.
  onPage("pageshow", doubt);
  inDocument("resume", doubt);
  inDocument("visibilitychange", () => {
    if (!document.hidden) doubt();
  });
  lifetime.addEventListener(
    "abort",
    () => {
      cancelRetry();
      liveness?.stop();
      socket?.close();
      socket = null;
    },
    { once: true },
  );
  connect();

  return {
    send(message) {
      if (isOpen) {
        post(message);
        return;
      }
      connectSoon();
      // What needs no answer is of the moment: whoever connects says hello and is told everything.
      if (!("requestId" in message)) return;
      if (lifetime.aborted || queue.length >= MOST_QUEUED)
        throw new Error("The Jupyter server is not reached.");
      queue.push(message as Request);
    },
    onMessage: (listener, signal) => listen(listeners, listener, signal),
    onLinkChange: (listener, signal) => listen(links, listener, signal),
    kernelStatus: status,
    isOnline: () => globalThis.navigator?.onLine ?? true,
    trait: (name) => traits[name],
    onTrait: () => {}, // they stay as they are
    ...(request && { request }),
  };
}
