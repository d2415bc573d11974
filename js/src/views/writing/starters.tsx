import type { VNode } from "preact";
import { whyClosed } from "../../composing/closed";
import type { Store } from "../../store/store";
import { text } from "../../texts/texts";

/** Questions to begin an empty conversation with; pressed, one is asked. */
export function Starters({ store }: { store: Store }): VNode | null {
  const starters = store.composing.starters.value;
  const empty =
    store.select.settled.value !== null &&
    store.select.messages.value.length === 0 &&
    store.outbox.value.length === 0 &&
    !store.select.hasMore.value;
  if (!empty || starters.length === 0 || store.draft.value || whyClosed(store)) return null;
  return (
    <ul class="starters" aria-label={text("composer.startersLabel")}>
      {starters.map((starter) => (
        <li key={starter}>
          <button type="button" dir="auto" onClick={() => store.send(starter)}>
            {starter}
          </button>
        </li>
      ))}
    </ul>
  );
}
