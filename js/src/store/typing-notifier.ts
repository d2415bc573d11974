import type { Clock } from "../clock";
import { TYPING_TTL } from "../contract";

/** Twice in the time that the hub keeps a typing mark without a refresh. */
const REFRESH_MS = (TYPING_TTL * 1_000) / 2;
const IDLE_MS = 4_000;

export interface TypingNotifier {
  /** The person typed something. */
  input(): void;
  /** The draft was sent or emptied, or the view ended. */
  stop(): void;
}

/** Turns keystrokes into few typing messages: refreshed now and then, ended after 4 s without input. */
export function createTypingNotifier(clock: Clock, notify: (isTyping: boolean) => void): TypingNotifier {
  let saidAt: number | null = null;
  let cancelIdle = (): void => {};

  const stop = (): void => {
    cancelIdle();
    if (saidAt === null) return;
    saidAt = null;
    notify(false);
  };

  return {
    input() {
      cancelIdle();
      cancelIdle = clock.after(IDLE_MS, stop);
      if (saidAt !== null && clock.now() - saidAt < REFRESH_MS) return;
      saidAt = clock.now();
      notify(true);
    },
    stop,
  };
}
