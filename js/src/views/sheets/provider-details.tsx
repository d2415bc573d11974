import { useSignal } from "@preact/signals";
import type { VNode } from "preact";
import { useEffect } from "preact/hooks";
import type { Store } from "../../store/store";
import { text } from "../../texts/texts";
import type { AsOf } from "../connection/as-of";
import { Providers } from "../providers/providers";

const REFRESH_MS = 5_000;

/** How all providers of the hub are, and how they were. */
export function ProviderDetails({ store, asOf }: { store: Store; asOf: AsOf }): VNode {
  // What providers do not tell by themselves is asked for while somebody looks.
  const asked = useSignal(0);
  useEffect(() => {
    store.askProviders();
    return store.clock.after(REFRESH_MS, () => {
      asked.value += 1;
    });
  }, [store, asked.value, asked]);
  return (
    <section aria-label={text("Providers of the hub")}>
      <Providers
        clock={store.clock}
        asOf={asOf}
        providers={store.select.providers.value}
        failovers={store.select.failovers.value}
      />
    </section>
  );
}
