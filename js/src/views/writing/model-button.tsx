import { useSignal } from "@preact/signals";
import type { VNode } from "preact";
import { useId, useRef } from "preact/hooks";
import { whyClosed } from "../../composing/closed";
import { plainName } from "../../plain";
import { choiceGroups, isChoice, isOffered, readChoice } from "../../state/choice";
import type { Store } from "../../store/store";
import { text } from "../../texts/texts";
import { UnfoldIcon } from "../icons";
import { modelLabel } from "../words";
import { ModelList } from "./model-list";

/** Who answers the next messages; pressed, it shows who else could. */
export function ModelButton({ store }: { store: Store }): VNode | null {
  const open = useSignal(false);
  const button = useRef<HTMLButtonElement>(null);
  const id = useId();
  const groups = choiceGroups(store.select.providers.value);
  const chosen = store.choice.value;
  const choice = readChoice(chosen);
  if (!isChoice(groups) && !chosen) return null;
  const closed = whyClosed(store);
  const missing = chosen !== "" && !isOffered(choice, groups);
  const close = (): void => {
    open.value = false;
    button.current?.focus();
  };
  return (
    <div class="model-choice">
      <button
        ref={button}
        type="button"
        class={missing ? "picker missing" : "picker"}
        aria-label={text("composer.model")}
        aria-haspopup="listbox"
        aria-expanded={open.value}
        aria-describedby={id}
        title={closed ?? text(missing ? "composer.modelMissing" : "composer.modelHint")}
        disabled={closed !== null}
        onClick={() => {
          open.value = !open.value;
        }}
      >
        <span class="chosen" id={id}>
          {missing && "⚠ "}
          {chosenLabel(store)}
        </span>
        <UnfoldIcon />
      </button>
      {open.value && <ModelList store={store} close={close} />}
    </div>
  );
}

function chosenLabel(store: Store): string {
  const chosen = store.choice.value;
  if (chosen) {
    const { provider = "", model = "" } = readChoice(chosen);
    return modelLabel(model) || plainName(provider);
  }
  const first = store.select.provider.value;
  const name = first && (modelLabel(first.model) || plainName(first.provider));
  return name ? text("composer.modelDefault", { name }) : text("composer.modelDefaultUnknown");
}
