import type { ProviderState } from "../../contract";
import { plainName } from "../../plain";
import { type PlainKey, text } from "../../texts/texts";
import { wordFor } from "../words";

const STATES: Record<ProviderState, PlainKey> = {
  healthy: "ready",
  degraded: "slow or failing",
  rate_limited: "rate limited",
  down: "not reachable",
  unknown: "not checked yet",
  disabled: "off",
};

/** A provider's state in words. */
export function providerWords(state: ProviderState): string {
  const key = wordFor(STATES, state);
  return key ? text(key) : plainName(state);
}
