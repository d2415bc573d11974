// The colour of a provider's state.
import type { ProviderState } from "../contract";
import { wordFor } from "./words";

const TONE: Record<ProviderState, string> = {
  healthy: "good",
  degraded: "warn",
  rate_limited: "warn",
  down: "bad",
  unknown: "idle",
  disabled: "idle",
};

/** The tone of a dot, by a state that came from outside. */
export function toneOf(state: string): string {
  return wordFor(TONE, state) ?? "idle";
}
