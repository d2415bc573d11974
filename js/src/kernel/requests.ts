import type { Clock } from "../clock";
import type { Reply } from "./messages";

const SLOW_MS = 1_000;
/** Counted from the end of the first second. */
const TIMEOUT_MS = 29_000;

export interface Waiter {
  /** Called once, with the reply or with a refusal made here. */
  settle(reply: Reply): void;
  /** Called when no reply came within a second. */
  slow(): void;
  /** Called when no reply came within half a minute. Returns the reason in words, or null to wait on. */
  overdue(): string | null;
}

export interface Requests {
  /** Waits for the reply to `requestId`. */
  expect(requestId: string, waiter: Waiter): void;
  /** Hands a reply to whoever waits for it; others' replies (several pages on one kernel) are ignored. */
  settle(reply: Reply): void;
  /** Settles a request with a refusal made here. */
  refuse(requestId: string, message: string): void;
  clear(): void;
}

interface Waiting {
  waiter: Waiter;
  cancel(): void;
}

export function createRequests(clock: Clock): Requests {
  const waiting = new Map<string, Waiting>();

  const settle = (reply: Reply): void => {
    const entry = waiting.get(reply.requestId);
    if (!entry) return;
    waiting.delete(reply.requestId);
    entry.cancel();
    entry.waiter.settle(reply);
  };

  const refuse = (requestId: string, message: string): void =>
    settle({ kind: "reply", requestId, ok: false, error: { message } });

  const untilOverdue = (requestId: string, entry: Waiting): void => {
    entry.cancel = clock.after(TIMEOUT_MS, () => {
      const why = entry.waiter.overdue();
      if (why === null) untilOverdue(requestId, entry);
      else refuse(requestId, why);
    });
  };

  return {
    expect(requestId, waiter) {
      const entry: Waiting = { waiter, cancel: () => {} };
      entry.cancel = clock.after(SLOW_MS, () => {
        untilOverdue(requestId, entry);
        waiter.slow();
      });
      waiting.set(requestId, entry);
    },
    settle,
    refuse,
    clear() {
      for (const entry of waiting.values()) entry.cancel();
      waiting.clear();
    },
  };
}
