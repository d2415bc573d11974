// How pictures share a box: as large as they can be, all of them in sight.

export interface Tiling {
  columns: number;
  /** Of one picture, in px. */
  width: number;
  height: number;
}

export const GAP = 6;
/** Smaller than this nobody is recognised: the box is scrolled instead. In px. */
export const LEAST = { width: 64, height: 52 } as const;
/** A picture is no wider and no higher than a camera's, by width : height. */
const WIDEST = 16 / 9;
const HIGHEST = 3 / 4;

/** Returns the largest tiling of so many pictures in a box of that size, in px. */
export function tilingOf(count: number, width: number, height: number): Tiling {
  let best: Tiling | null = null;
  for (let columns = 1; columns <= Math.max(1, count); columns += 1) {
    const rows = Math.ceil(count / columns);
    const tile = fitted(share(width, columns), share(height, rows));
    if (tile.width < LEAST.width || tile.height < LEAST.height) continue;
    if (!best || tile.width * tile.height > best.width * best.height) best = { columns, ...tile };
  }
  return best ?? scrolled(count, width);
}

/** As many columns as there is room for, and rows that go on below. */
function scrolled(count: number, width: number): Tiling {
  const columns = Math.max(1, Math.min(count, Math.floor((width + GAP) / (LEAST.width + GAP))));
  const tile = fitted(Math.max(LEAST.width, share(width, columns)), LEAST.height);
  return { columns, ...tile };
}

function share(length: number, parts: number): number {
  return Math.max(0, Math.floor((length - GAP * (parts - 1)) / parts));
}

function fitted(width: number, height: number): { width: number; height: number } {
  return {
    width: Math.floor(Math.min(width, height * WIDEST)),
    height: Math.floor(Math.min(height, width / HIGHEST)),
  };
}
