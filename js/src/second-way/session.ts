// A view of the Jupyter server's own, of the conversation that the kernel's chat shows: it takes what people do there, and
// shows nothing.
import type { Clock } from "../clock";
import type { Host } from "../host/host";
import { NoChatError, type Server } from "../jupyter-server/server";
import { serverHost } from "../jupyter-server/server-host";
import { type ChatState, kernelMessage, type Reply, type ViewMessage } from "../kernel/messages";

/** Why there is none; `name`: who one is in Jupyter. */
export type Hindrance =
  | { why: "absent" | "denied" | "unreachable" | "elsewhere" }
  | { why: "person"; name: string };

type Shown = Pick<ChatState, "conversationId" | "epoch" | "self">;

interface Options {
  server: Server;
  /** What the kernel's chat shows. */
  shown: Shown;
  clock: Clock;
  ready(): void;
  hindered(hindrance: Hindrance): void;
  replied(reply: Reply, buffers: readonly DataView[]): void;
}

export interface Session {
  readonly conversationId: string;
  /** Whether it is the same person in the same conversation of the same hub; before that nothing may be sent. */
  readonly isReady: boolean;
  send(message: ViewMessage): void;
  end(): void;
}

/** Opens one. Ends by itself where it is hindered. */
export function openSession({ server, shown, clock, ready, hindered, replied }: Options): Session {
  const life = new AbortController();
  const { signal } = life;
  let host: Host | null = null;
  let isReady = false;

  const hinder = (hindrance: Hindrance): void => {
    if (signal.aborted) return;
    life.abort();
    hindered(hindrance);
  };

  const hear = (value: unknown, buffers: readonly DataView[] = []): void => {
    const message = kernelMessage<ChatState>(value);
    if (message?.kind === "reply") replied(message, buffers);
    // Before the conversation is joined it has no epoch; then the same for everybody, and on another hub another one.
    if (message?.kind !== "snapshot" || !message.state.epoch || isReady) return;
    if (message.state.epoch !== shown.epoch) hinder({ why: "elsewhere" });
    else if (message.state.self.userId !== shown.self.userId)
      hinder({ why: "person", name: message.state.self.userName });
    else {
      isReady = true;
      ready();
    }
  };

  const open = async (): Promise<void> => {
    const { userId, userName, canWrite } = await server.me(signal);
    if (signal.aborted) return;
    if (userId !== shown.self.userId) hinder({ why: "person", name: userName });
    else if (!canWrite) hinder({ why: "denied" });
    else connect();
  };

  const connect = (): void => {
    const opened = serverHost({
      open: server.view,
      conversation: shown.conversationId,
      traits: {},
      clock,
      lifetime: signal,
    });
    host = opened;
    opened.onMessage(hear, signal);
    // At each connection it asks for the state, once to be sure of the place, and to be in the conversation.
    opened.onLinkChange(() => opened.send({ kind: "hello", n: 0 }), signal);
  };

  open().catch((error: unknown) => {
    const why = error instanceof NoChatError ? error.why : "unreachable";
    hinder({ why: why === "unloaded" ? "absent" : why });
  });

  return {
    conversationId: shown.conversationId,
    get isReady() {
      return isReady && !signal.aborted;
    },
    send: (message) => host?.send(message),
    end: () => life.abort(),
  };
}
