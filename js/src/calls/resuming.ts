// Coming back into a call after the page was loaded again: as a listener, since a microphone takes a click.
import type { Clock } from "../clock";

const KEY = "conduit-widget:in-call";
/** A page takes no longer than this to come back. */
const FRESH_MS = 60_000;

export interface Resuming {
  /** Notes that this tab is in the call of this place. */
  keep(): void;
  forget(): void;
  /** Whether this tab was in the call of this place when it was loaded again. */
  isWanted(): boolean;
}

interface Kept {
  place: string;
  at: number;
}

export function createResuming(clock: Clock, place: () => string): Resuming {
  return {
    keep: () => write({ place: place(), at: clock.now() }),
    forget: () => write(null),
    isWanted: () => wasInCall(clock.now(), place()),
  };
}

/** Whether this tab was in the call of `place` when it was loaded again; a tab that is new was in none. */
export function wasInCall(now: number, place: string): boolean {
  const [entry] = globalThis.performance?.getEntriesByType?.("navigation") ?? [];
  if ((entry as PerformanceNavigationTiming | undefined)?.type !== "reload") return false;
  try {
    const kept = JSON.parse(globalThis.sessionStorage.getItem(KEY) ?? "null") as Kept | null;
    return kept?.place === place && now - kept.at < FRESH_MS;
  } catch {
    return false; // denied, or not ours
  }
}

function write(kept: Kept | null): void {
  try {
    if (kept) globalThis.sessionStorage.setItem(KEY, JSON.stringify(kept));
    else globalThis.sessionStorage.removeItem(KEY);
  } catch {
    // Denied: one joins again by hand.
  }
}
