// Whether the other end of a WebSocket is still there. A network that went away, or a laptop that slept, may leave one on
// which nothing comes and which nobody closes: only asking finds out.
import type { Clock } from "../clock";
import { createTimer } from "../timer";

/** What was heard so lately needs no asking. */
const FRESH_MS = 15_000;
/** What was asked may take its time (a hub that is away); then something is asked that is answered at once. */
const SLOW_MS = 1_500;
/** A connection on which nothing came for so long after that is as good as none; the view waits 4 s. */
const SILENCE_MS = 2_000;
/** A connection on which nothing came for so long after something was asked is given up. */
const PATIENCE_MS = 8_000;
/** The same after something woke the page: there is reason to doubt, and somebody is looking. */
const WAKING_PATIENCE_MS = 2_000;
/** So long unheard, a connection is given up where something wakes the page. A hidden page's timers run once a minute. */
const STALE_MS = 75_000;
/** A connection takes no longer to come about. */
const OPENING_MS = 10_000;

interface Options {
  clock: Clock;
  /** Asks for an answer that comes at once. */
  ask(): void;
  /** Bytes that have not gone out yet: while they become fewer, somebody takes them. */
  waiting(): number;
  /** Nothing has come since something was asked. */
  silent(): void;
  /** It is to be given up. */
  dead(): void;
}

export interface Liveness {
  /** Something came. */
  heard(): void;
  /** Something was asked: an answer is due. */
  asked(): void;
  /** There is reason for doubt, and somebody is looking. */
  doubt(): void;
  stop(): void;
}

/** Watches one connection from the moment in which it is tried. */
export function watchLiveness({ clock, ask, waiting, silent, dead }: Options): Liveness {
  let isOpen = false;
  let heardAt = clock.now();
  /** Since when an answer is due; null when none is. */
  let dueSince: number | null = null;
  const silence = createTimer(clock);
  const end = createTimer(clock);
  const asking = createTimer(clock);
  end.set(OPENING_MS, dead);

  const stop = (): void => {
    for (const timer of [silence, end, asking]) timer.cancel();
  };

  const endIn = (ms: number): void => {
    const before = waiting();
    end.set(ms, () => {
      if (waiting() < before) endIn(PATIENCE_MS);
      else dead();
    });
  };

  const asked = (): void => {
    if (dueSince !== null || !isOpen) return;
    dueSince = clock.now();
    silence.set(SLOW_MS, () => {
      silence.set(SILENCE_MS, silent);
      ask();
    });
    endIn(PATIENCE_MS);
  };

  const heard = (): void => {
    stop();
    isOpen = true;
    heardAt = clock.now();
    dueSince = null;
    asking.set(FRESH_MS, ask);
  };

  return {
    heard,
    asked,
    stop,
    doubt() {
      const now = clock.now();
      const isOverdue = dueSince !== null && now - dueSince >= WAKING_PATIENCE_MS;
      if (isOverdue || now - heardAt >= STALE_MS) dead();
      else if (isOpen) {
        ask();
        endIn(WAKING_PATIENCE_MS);
      } else if (now - heardAt >= WAKING_PATIENCE_MS) dead();
    },
  };
}
