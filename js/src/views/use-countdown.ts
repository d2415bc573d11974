import { useEffect, useState } from "preact/hooks";
import type { Clock } from "../clock";

/** Whole seconds until `at` (epoch ms), counting down; null when there is no such moment, 0 when it is past. */
export function useCountdown(clock: Clock, at: number | null): number | null {
  const [, setTick] = useState(0);
  const left = at === null ? null : Math.max(0, Math.ceil((at - clock.now()) / 1000));
  useEffect(() => {
    if (at === null || left === 0) return undefined;
    return clock.after(((at - clock.now()) % 1000) + 20, () => setTick((tick) => tick + 1));
  }, [clock, at, left]);
  return left;
}

/** Whether `condition` has held for `ms`. */
export function useGrace(clock: Clock, condition: boolean, ms: number): boolean {
  const [passed, setPassed] = useState(false);
  useEffect(() => {
    if (!condition) {
      setPassed(false);
      return undefined;
    }
    return clock.after(ms, () => setPassed(true));
  }, [clock, condition, ms]);
  return condition && passed;
}
