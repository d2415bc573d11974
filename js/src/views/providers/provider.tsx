import { useSignal } from "@preact/signals";
import type { VNode } from "preact";
import { useId } from "preact/hooks";
import { Lazy } from "../../lazy/lazy";
import { plainLine, plainName } from "../../plain";
import type { Store } from "../../store/store";
import { text } from "../../texts/texts";
import { asOfWords, useAsOf } from "../connection/as-of";
import { UnfoldIcon } from "../icons";
import { toneOf } from "../tone";
import { modelLabel } from "../words";
import { providerWords } from "./provider-words";

/** Name, model and state of the provider that answers; pressed, it shows how all of them are. */
export function Provider({ store }: { store: Store }): VNode | null {
  const open = useSignal(false);
  const id = useId();
  const asOf = useAsOf(store);
  const line = store.select.provider.value;
  if (!line) return null;
  const { model, state } = line;
  const [provider, reason] = [plainName(line.provider), plainLine(line.reason)];
  return (
    <>
      <button
        type="button"
        class="provider"
        title={reason || undefined}
        aria-expanded={open.value}
        aria-controls={id}
        onClick={() => {
          open.value = !open.value;
        }}
      >
        <span class={`dot ${asOf === null ? toneOf(state) : "idle"}`} aria-hidden="true" />
        <span class="parts">
          <span>{provider || text("No provider")}</span>
          {model && <span>{modelLabel(model)}</span>}
          <span>{asOfWords(providerWords(state), asOf)}</span>
        </span>
        {provider === "local" && state !== "down" && (
          <span class="caution">{text("small model, often wrong")}</span>
        )}
        {state !== "healthy" && reason && <span class="reason">{reason}</span>}
        <span class="more">
          <UnfoldIcon />
        </span>
      </button>
      <div id={id} class="details" hidden={!open.value}>
        {open.value && (
          <Lazy chunk="sheets">{({ ProviderDetails }) => <ProviderDetails store={store} asOf={asOf} />}</Lazy>
        )}
      </div>
    </>
  );
}
