// What was known of others when the connection was lost: it is shown as that, never as how they are now.
import { useRef } from "preact/hooks";
import { isCurrent, type Way } from "../../state/way";
import { text } from "../../texts/texts";
import { timeLabel } from "../words";

/** Null while it holds; else until when it did, in epoch ms, or NaN where this view never saw that. */
export type AsOf = number | null;

/** Until when what this view shows of others held. */
export function useAsOf(way: Way): AsOf {
  const lost = useRef<AsOf>(Number.NaN);
  if (isCurrent(way)) lost.current = null;
  else lost.current ??= way.clock.now();
  return lost.current;
}

/** How somebody or something is; while that is not known, how it was: "ready, as of 14:05". */
export function asOfWords(state: string, asOf: AsOf): string {
  if (asOf === null) return state;
  if (Number.isNaN(asOf)) return text("not known at present");
  return text("{state}, as of {time}", { state, time: timeLabel(new Date(asOf).toISOString()) });
}
