import type { Clock } from "./clock";

const REFRESH_MS = 3_000;
const IDLE_MS = 4_000;

export interface TypingNotifier {
  /** The person typed something. */
  input(): void;
  /** The draft was sent or emptied, or the view ended. */
  stop(): void;
}

/** Turns keystrokes into few typing messages: refreshed every 3 s, ended after 4 s without input. */
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
