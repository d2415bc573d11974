// Shows bursts of tokens smoothly, over about 150 ms.

/** Time constant of the drain: after 150 ms, 95 % of a burst is shown. */
const TIME_CONSTANT_MS = 50;
/** More characters than this are no burst but catching up, and are shown at once. */
const CATCH_UP_CHARACTERS = 4000;

/** Returns how many of `length` characters to show, `elapsed` ms after `shown` of them were shown. */
export function nextShown(shown: number, length: number, elapsed: number): number {
  const backlog = length - shown;
  if (backlog <= 0 || backlog > CATCH_UP_CHARACTERS) return length;
  const share = 1 - Math.exp(-elapsed / TIME_CONSTANT_MS);
  return Math.min(length, shown + Math.max(1, Math.ceil(backlog * share)));
}

/** Returns how many frames to skip after a render of `ms`, so that a huge open block does not block the page. */
export function framesToSkip(ms: number): number {
  if (ms > 12) return 3;
  return ms > 6 ? 1 : 0;
}
