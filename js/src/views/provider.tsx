import { useSignal } from "@preact/signals";
import type { VNode } from "preact";
import { useEffect, useId } from "preact/hooks";
import { plainLine, plainName } from "../plain";
import type { Store } from "../store";
import { UnfoldIcon } from "./icons";
import { Providers, toneOf } from "./providers";
import { modelLabel, providerWords } from "./words";

const REFRESH_MS = 5_000;

/** Name, model and state of the provider that answers; pressed, it shows how all of them are. */
export function Provider({ store }: { store: Store }): VNode | null {
  const open = useSignal(false);
  const id = useId();
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
        <span class={`dot ${toneOf(state)}`} aria-hidden="true" />
        <span class="parts">
          <span>{provider || "No provider"}</span>
          {model && <span>{modelLabel(model)}</span>}
          <span>{providerWords(state)}</span>
        </span>
        {provider === "local" && state !== "down" && <span class="caution">small model, often wrong</span>}
        {state !== "healthy" && reason && <span class="reason">{reason}</span>}
        <span class="more">
          <UnfoldIcon />
        </span>
      </button>
      <div id={id} class="details" hidden={!open.value}>
        {open.value && <Details store={store} />}
      </div>
    </>
  );
}

function Details({ store }: { store: Store }): VNode {
  // What providers do not tell by themselves is asked for while somebody looks.
  const asked = useSignal(0);
  useEffect(() => {
    store.askProviders();
    return store.clock.after(REFRESH_MS, () => {
      asked.value += 1;
    });
  }, [store, asked.value, asked]);
  return (
    <section aria-label="Providers of the hub">
      <Providers
        clock={store.clock}
        providers={store.select.providers.value}
        failovers={store.select.failovers.value}
      />
    </section>
  );
}
