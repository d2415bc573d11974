// What goes over HTTP past the kernel, once it is known that the Jupyter server's chat is the kernel's.
import type { Clock } from "../clock";
import type { Requester } from "../host/host";
import type { Server } from "../jupyter-server/server";
import type { ChatState } from "../kernel/messages";
import { openSession } from "./session";

const PATIENCE_MS = 5_000;

/**
 * Finds out whether the server speaks as the same person in the same conversation of the same hub, by a view of it that ends
 * at once. The answer holds as long as that is what is shown; that nobody answered is asked again the next time.
 */
export function createReach(
  server: Server | null,
  clock: Clock,
  lifetime: AbortSignal,
): (chat: ChatState | null) => Promise<Requester | null> {
  let known: { place: string; answer: Promise<Requester | null> } | null = null;

  const prove = (server: Server, chat: ChatState): Promise<Requester | null> =>
    new Promise((resolve) => {
      const settle = (answer: Requester | null, isFinal: boolean): void => {
        cancel();
        lifetime.removeEventListener("abort", session.end);
        session.end();
        if (!isFinal) known = null;
        resolve(answer);
      };
      const cancel = clock.after(PATIENCE_MS, () => settle(null, false));
      const session = openSession({
        server,
        shown: chat,
        clock,
        ready: () => settle(server.request, true),
        hindered: ({ why }) => settle(null, why !== "unreachable"),
        replied() {},
      });
      lifetime.addEventListener("abort", session.end, { once: true });
    });

  return (chat) => {
    if (!server || !chat?.epoch || lifetime.aborted) return Promise.resolve(null);
    const place = JSON.stringify([chat.conversationId, chat.epoch, chat.self.userId]);
    if (known?.place !== place) known = { place, answer: prove(server, chat) };
    return known.answer;
  };
}
