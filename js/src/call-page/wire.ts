// The hub's protocol as far as a call needs it: JSON over one WebSocket, invocations, events, pings, and again when lost.
import type { Clock } from "../clock";

const SEPARATOR = "\u001e";
const HANDSHAKE = `{"protocol":"json","version":1}${SEPARATOR}`;
const PING_MS = 15_000;
/** A hub that says nothing for so long is gone. */
const SILENCE_MS = 60_000;
const WAITS_MS = [0, 1_000, 2_000, 5_000, 10_000];
const ASK_MS = 15_000;

const Type = { invocation: 1, completion: 3, ping: 6, close: 7 } as const;

interface Record {
  type?: number;
  target?: string;
  arguments?: unknown[];
  invocationId?: string;
  result?: unknown;
  error?: string;
  allowReconnect?: boolean;
}

/** Why there is no answer: it is being connected again. */
export class ConnectionLost extends Error {
  constructor() {
    super("The connection was lost.");
  }
}

interface Asked {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

export interface Wire {
  invoke<Result>(method: string, ...values: unknown[]): Promise<Result>;
  close(): void;
}

interface Options {
  open(): WebSocket;
  clock: Clock;
  hear(target: string, values: readonly unknown[]): void;
  /** Each time that it is connected. */
  connected(): void;
  /** It is being connected again; `reason` says that it is not, and why. */
  lost(reason: string | null): void;
}

/** Connects at once. */
export function openWire({ open, clock, hear, connected, lost }: Options): Wire {
  const asked = new Map<string, Asked>();
  let socket: WebSocket | null = null;
  let isIn = false;
  let closed = false;
  let tries = 0;
  let ids = 0;
  let cancelPing = (): void => {};
  let cancelSilence = (): void => {};

  const post = (record: object): void => socket?.send(JSON.stringify(record) + SEPARATOR);

  const ping = (): void => {
    cancelPing = clock.after(PING_MS, () => {
      post({ type: Type.ping });
      ping();
    });
  };

  const shakeHands = ({ error }: Record): void => {
    if (error) {
      end(error);
      return;
    }
    isIn = true;
    tries = 0;
    ping();
    connected();
  };

  const settle = ({ invocationId = "", error, result }: Record): void => {
    const waiting = asked.get(invocationId);
    asked.delete(invocationId);
    if (error) waiting?.reject(new Error(error));
    else waiting?.resolve(result);
  };

  const take = (record: Record, own: WebSocket): void => {
    if (!isIn) shakeHands(record);
    else if (record.type === Type.invocation) hear(record.target ?? "", record.arguments ?? []);
    else if (record.type === Type.completion) settle(record);
    else if (record.type === Type.close && record.allowReconnect) own.close();
    else if (record.type === Type.close) end(record.error ?? "");
  };

  const down = (): void => {
    cancelPing();
    cancelSilence();
    isIn = false;
    for (const { reject } of asked.values()) reject(new ConnectionLost());
    asked.clear();
  };

  const end = (reason: string): void => {
    closed = true;
    socket?.close();
    down();
    lost(reason);
  };

  const connect = (): void => {
    if (closed) return;
    const own = open();
    socket = own;
    const listen = (): void => {
      cancelSilence();
      cancelSilence = clock.after(SILENCE_MS, () => own.close());
    };
    own.onopen = () => {
      own.send(HANDSHAKE);
      listen();
    };
    own.onmessage = ({ data }) => {
      listen();
      for (const text of String(data).split(SEPARATOR)) if (text) take(JSON.parse(text) as Record, own);
    };
    own.onclose = () => {
      if (closed || socket !== own) return;
      down();
      lost(null);
      clock.after(WAITS_MS[Math.min(tries, WAITS_MS.length - 1)] ?? 0, connect);
      tries += 1;
    };
  };
  connect();

  return {
    invoke(method, ...values) {
      if (!isIn) return Promise.reject(new ConnectionLost());
      ids += 1;
      const invocationId = String(ids);
      return new Promise((resolve, reject) => {
        const cancel = clock.after(ASK_MS, () => {
          asked.delete(invocationId);
          reject(new Error("The hub did not answer."));
        });
        asked.set(invocationId, {
          resolve(result) {
            cancel();
            resolve(result as never);
          },
          reject(error) {
            cancel();
            reject(error);
          },
        });
        post({ type: Type.invocation, invocationId, target: method, arguments: values });
      });
    },
    close() {
      closed = true;
      down();
      socket?.close();
    },
  };
}
