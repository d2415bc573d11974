import type { VNode } from "preact";
import { numeral, text } from "../../texts/texts";

const WIDTH = 56;
const HEIGHT = 14;

interface SparklineProps {
  values: readonly number[];
  /** Says from where to where it went. */
  words?: (least: number, most: number) => string;
}

/** A short series as a line, with its words for whoever does not see it; without others it is a time in ms. */
export function Sparkline({ values, words = inSeconds }: SparklineProps): VNode | null {
  const known = values.filter(Number.isFinite);
  if (known.length < 2) return null;
  const [least, most] = [Math.min(...known), Math.max(...known)];
  const step = WIDTH / (known.length - 1);
  const points = known.map((value, index) => {
    const share = most > least ? (value - least) / (most - least) : 0.5;
    return `${(index * step).toFixed(1)},${(1 + (1 - share) * (HEIGHT - 2)).toFixed(1)}`;
  });
  const said = words(least, most);
  return (
    <svg
      class="sparkline"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      width={WIDTH}
      height={HEIGHT}
      preserveAspectRatio="none"
      role="img"
      aria-label={said}
    >
      <title>{said}</title>
      <polyline points={points.join(" ")} fill="none" stroke="currentColor" stroke-width="1.25" />
    </svg>
  );
}

function inSeconds(least: number, most: number): string {
  const digits = { minimumFractionDigits: 2, maximumFractionDigits: 2 };
  const [from = "", to = ""] = [least, most].map((value) => numeral(value / 1000, digits));
  return from === to
    ? text("steady at {value} s", { value: from })
    : text("lately between {least} and {most} s", { least: from, most: to });
}
