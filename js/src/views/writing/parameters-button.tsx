import type { VNode } from "preact";
import { whyClosed } from "../../composing/closed";
import type { Store } from "../../store/store";
import { text } from "../../texts/texts";
import { SlidersIcon } from "../control-icons";

/** Opens the sheet of parameters; a mark tells that some are not the default. */
export function ParametersButton({ store }: { store: Store }): VNode {
  const count = Object.keys(store.composing.parameters.value).length;
  const closed = whyClosed(store);
  const hint = count > 0 ? text("composer.parametersSet", { count }) : text("composer.parametersNone");
  return (
    <button
      type="button"
      class={count > 0 ? "icon tool set" : "icon tool"}
      aria-label={text("composer.parameters")}
      aria-haspopup="dialog"
      aria-expanded={store.composing.sheet.value === "parameters"}
      title={closed ?? `${text("composer.parameters")}: ${hint}`}
      disabled={closed !== null}
      onClick={() => store.composing.toggle("parameters")}
    >
      <SlidersIcon />
      {count > 0 && (
        <span class="mark" aria-hidden="true">
          {count}
        </span>
      )}
    </button>
  );
}
