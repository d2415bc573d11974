import type { VNode } from "preact";
import { text } from "../../texts/texts";
import type { BoardStore } from "../../widgets/provider-status";
import { useAsOf } from "../connection/as-of";
import { ConnectionBadge, ConnectionBanner } from "../connection/connection";
import { Providers } from "./providers";

/** The providers of a hub in a cell of their own. */
export function Board({ store }: { store: BoardStore }): VNode {
  const state = store.board.value;
  const asOf = useAsOf(store);
  return (
    <section class="board" aria-label={text("Providers of the hub")}>
      <header>
        <h2>{text("Providers")}</h2>
        <ConnectionBadge way={store} />
      </header>
      <ConnectionBanner way={store} />
      {state?.isKnown ? (
        <Providers clock={store.clock} asOf={asOf} providers={state.providers} failovers={state.failovers} />
      ) : (
        <p class="none">{waitingWords(state?.connection.state)}</p>
      )}
    </section>
  );
}

function waitingWords(state: string | undefined): string {
  if (state === "live") return text("The hub has named no provider.");
  return text(
    state === "offline" ? "Nothing is known of the providers." : "Asking the hub for its providers…",
  );
}
