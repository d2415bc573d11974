import type { VNode } from "preact";
import type { BoardStore } from "../widgets/provider-status";
import { ConnectionBadge, ConnectionBanner } from "./connection";
import { Providers } from "./providers";

/** The providers of a hub in a cell of their own. */
export function Board({ store }: { store: BoardStore }): VNode {
  const state = store.board.value;
  return (
    <section class="board" aria-label="Providers of the hub">
      <header>
        <h2>Providers</h2>
        <ConnectionBadge way={store} />
      </header>
      <ConnectionBanner way={store} />
      {state?.isKnown ? (
        <Providers clock={store.clock} providers={state.providers} failovers={state.failovers} />
      ) : (
        <p class="none">{waitingWords(state?.connection.state)}</p>
      )}
    </section>
  );
}

function waitingWords(state: string | undefined): string {
  if (state === "live") return "The hub has named no provider.";
  return state === "offline" ? "Nothing is known of the providers." : "Asking the hub for its providers…";
}
