// What was asked of the Jupyter server and is not answered yet: by the chat, and from the queue.
import type { Host } from "../../host/host";
import { uuid } from "../../identifier";
import type { Reply } from "../../kernel/messages";
import type { Wish } from "./entries";
import type { BrowserQueue } from "./queue";

/** What the chat asked for, and the queue of the conversation in which it did. */
interface Asked {
  requestId: string;
  wish: Wish;
  queue: BrowserQueue | undefined;
}

export interface Asking {
  /** Passes on what the chat asks for in the conversation of a queue. */
  pass(wish: Wish & { requestId: string }, queue: BrowserQueue | undefined): void;
  /** Asks; rejects where the way is lost before the answer. */
  ask(wish: object): Promise<Reply>;
  /** Notes an answer; false where it is none to the chat. */
  heard(reply: Reply): boolean;
  /** Notes the messages that the server has, or keeps for the hub: their answers are not waited for. */
  has(ids: readonly string[]): void;
  /** The way is lost; returns what the chat asked for and nobody has answered, which is not waited for any more. */
  lost(): Asked[];
}

export function createAsking(inner: Pick<Host, "send">): Asking {
  const ofChat = new Map<string, Asked>();
  const own = new Map<string, { id: unknown; resolve(reply: Reply): void; reject(error: Error): void }>();

  return {
    pass(message, queue) {
      const { requestId, ...wish } = message;
      ofChat.set(requestId, { requestId, wish: wish as Wish, queue });
      inner.send(message);
    },
    ask: (wish) =>
      new Promise((resolve, reject) => {
        const requestId = uuid();
        const { kind, id } = wish as { kind: string; id?: unknown };
        if (kind === "read") {
          inner.send(wish); // which is never answered
          resolve({ kind: "reply", requestId, ok: true });
          return;
        }
        own.set(requestId, { id: kind === "send" ? id : null, resolve, reject });
        inner.send({ ...wish, requestId });
      }),
    heard(reply) {
      ofChat.delete(reply.requestId);
      const mine = own.get(reply.requestId);
      own.delete(reply.requestId);
      mine?.resolve(reply);
      return mine === undefined;
    },
    has(ids) {
      const there = new Set<unknown>(ids);
      for (const [requestId, { wish }] of ofChat)
        if (wish.kind === "send" && there.has(wish.id)) ofChat.delete(requestId);
      for (const [requestId, { id, resolve }] of own) {
        if (!there.has(id)) continue;
        own.delete(requestId);
        resolve({ kind: "reply", requestId, ok: true });
      }
    },
    lost() {
      for (const { reject } of own.values()) reject(new Error("The way to the server is lost."));
      own.clear();
      const unanswered = [...ofChat.values()];
      ofChat.clear();
      return unanswered;
    },
  };
}
