import type { VNode } from "preact";
import type { ProviderState } from "../contract";
import { plainLine, plainName } from "../plain";
import type { Store } from "../store";
import { modelLabel, providerWords, wordFor } from "./words";

const TONE: Record<ProviderState, string> = {
  healthy: "good",
  degraded: "warn",
  rate_limited: "warn",
  down: "bad",
  unknown: "idle",
  disabled: "idle",
};

/** Name, model and state of the provider that answers; a dot for the eye, words for everybody. */
export function Provider({ store }: { store: Store }): VNode | null {
  const line = store.select.provider.value;
  if (!line) return null;
  const { model, state } = line;
  const [provider, reason] = [plainName(line.provider), plainLine(line.reason)];
  const words = providerWords(state);
  return (
    <div class="provider" title={reason || undefined}>
      <span class={`dot ${wordFor(TONE, state) ?? "idle"}`} aria-hidden="true" />
      <span class="parts">
        <span>{provider || "No provider"}</span>
        {model && <span>{modelLabel(model)}</span>}
        <span>{words}</span>
      </span>
      {provider === "local" && state !== "down" && <span class="caution">small model, often wrong</span>}
      {state !== "healthy" && reason && <span class="reason">{reason}</span>}
    </div>
  );
}
