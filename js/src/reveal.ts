// Bursts of tokens read smoothly: what has arrived is shown over about 150 ms.

/** Time constant of the drain: after 150 ms, 95 % of a burst is shown. */
const TIME_CONSTANT_MS = 50;
/** Above this many characters it is no burst but a catching-up: show it at once. */
const CATCH_UP_CHARACTERS = 4000;

/** How many of `length` characters to show, `elapsed` ms after `shown` of them were. */
export function nextShown(shown: number, length: number, elapsed: number): number {
  const backlog = length - shown;
  if (backlog <= 0 || backlog > CATCH_UP_CHARACTERS) return length;
  const share = 1 - Math.exp(-elapsed / TIME_CONSTANT_MS);
  return Math.min(length, shown + Math.max(1, Math.ceil(backlog * share)));
}

/** Frames to leave out after a render that took `ms`, so that a giant open block cannot hold up the page. */
export function framesToSkip(ms: number): number {
  if (ms > 12) return 3;
  return ms > 6 ? 1 : 0;
}
