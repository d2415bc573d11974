import type { VNode } from "preact";
import type { Store } from "../../store/store";
import { text } from "../../texts/texts";
import { NextIcon, PreviousIcon } from "../actions/icons";

/** ‹ 2/3 ›: which of the messages in this place is shown, and the way to the others. */
export function BranchSwitch({ store, id }: { store: Store; id: string }): VNode {
  const others = store.branches.value.siblings.get(id) ?? [];
  const place = others.indexOf(id) + 1;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for a form
    <span class="branches" role="group" aria-label={text("branch.label")}>
      <button
        type="button"
        class="quiet"
        aria-label={text("branch.previous")}
        title={text("branch.previous")}
        disabled={place <= 1}
        onClick={() => store.chooseBranch(id, -1)}
      >
        <PreviousIcon />
      </button>
      <span>{text("branch.place", { place, all: others.length })}</span>
      <button
        type="button"
        class="quiet"
        aria-label={text("branch.next")}
        title={text("branch.next")}
        disabled={place >= others.length}
        onClick={() => store.chooseBranch(id, 1)}
      >
        <NextIcon />
      </button>
    </span>
  );
}
