import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Clock } from "../clock";
import { Dots } from "./typing";

/** An own server loads its model when it is asked: that takes longer than people expect. */
const LATE_MS = 10_000;

/** In place of an answer that has no word yet. */
export function FirstWord({ clock }: { clock: Clock }): VNode {
  const [late, setLate] = useState(false);
  useEffect(() => clock.after(LATE_MS, () => setLate(true)), [clock]);
  return (
    <p class="waiting">
      <Dots />
      {late ? (
        <span class="late"> No word yet. The server may be loading its model.</span>
      ) : (
        <span class="sr-only">Thinking…</span>
      )}
    </p>
  );
}
