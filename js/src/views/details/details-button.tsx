import type { VNode } from "preact";
import type { Store } from "../../store/store";
import { text } from "../../texts/texts";
import { PulseIcon } from "../actions/icons";

/** Opens the panel of figures. */
export function DetailsButton({ store }: { store: Store }): VNode {
  const label = text("details.label");
  return (
    <button
      type="button"
      class="icon tool"
      aria-label={label}
      aria-haspopup="dialog"
      aria-expanded={store.composing.sheet.value === "details"}
      title={`${label}: ${text("details.hint")}`}
      onClick={() => store.composing.toggle("details")}
    >
      <PulseIcon />
    </button>
  );
}
