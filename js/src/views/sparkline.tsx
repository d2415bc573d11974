import type { VNode } from "preact";

const WIDTH = 56;
const HEIGHT = 14;

/** A short series as a line; its words say from where to where it went. */
export function Sparkline({ values }: { values: readonly number[] }): VNode | null {
  const known = values.filter(Number.isFinite);
  if (known.length < 2) return null;
  const [least, most] = [Math.min(...known), Math.max(...known)];
  const step = WIDTH / (known.length - 1);
  const points = known.map((value, index) => {
    const share = most > least ? (value - least) / (most - least) : 0.5;
    return `${(index * step).toFixed(1)},${(1 + (1 - share) * (HEIGHT - 2)).toFixed(1)}`;
  });
  const [from, to] = [least, most].map((value) => (value / 1000).toFixed(2));
  const words = from === to ? `steady at ${from} s` : `lately between ${from} and ${to} s`;
  return (
    <svg
      class="sparkline"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      width={WIDTH}
      height={HEIGHT}
      role="img"
      aria-label={words}
    >
      <title>{words}</title>
      <polyline points={points.join(" ")} fill="none" stroke="currentColor" stroke-width="1.25" />
    </svg>
  );
}
