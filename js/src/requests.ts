import type { Clock } from "./clock";
import type { Reply } from "./contract";

const TIMEOUT_MS = 30_000;

export interface Requests {
  /** Waits for the reply to `requestId`; a silent kernel counts as a refusal. */
  expect(requestId: string, settle: (reply: Reply) => void): void;
  /** Hands a reply to whoever waits for it; others' replies (several pages on one kernel) are ignored. */
  settle(reply: Reply): void;
  clear(): void;
}

export function createRequests(clock: Clock): Requests {
  const waiting = new Map<string, { settle: (reply: Reply) => void; cancel: () => void }>();

  const settle = (reply: Reply): void => {
    const entry = waiting.get(reply.requestId);
    if (!entry) return;
    waiting.delete(reply.requestId);
    entry.cancel();
    entry.settle(reply);
  };

  return {
    expect(requestId, onReply) {
      const cancel = clock.after(TIMEOUT_MS, () =>
        settle({
          kind: "reply",
          requestId,
          ok: false,
          error: { message: "The kernel did not answer. Try again." },
        }),
      );
      waiting.set(requestId, { settle: onReply, cancel });
    },
    settle,
    clear() {
      for (const entry of waiting.values()) entry.cancel();
      waiting.clear();
    },
  };
}
