import type { VNode } from "preact";
import { type ChoiceGroup, choiceGroups, choiceText, isChoice, isOffered, readChoice } from "../choice";
import type { ProviderInfo } from "../contract";
import { plainName } from "../plain";
import type { Store } from "../store";
import { modelLabel, providerWords } from "./words";

const TROUBLED = new Set(["rate_limited", "down", "degraded"]);

/** Who answers the next messages. The browser's own list: every keyboard and every screen reader knows it. */
export function ModelPicker({ store }: { store: Store }): VNode | null {
  const groups = choiceGroups(store.select.providers.value);
  const chosen = store.choice.value;
  const choice = readChoice(chosen);
  if (!isChoice(groups) && !chosen) return null;
  const missing = chosen !== "" && !isOffered(choice, groups);
  const first = store.select.provider.value;
  return (
    <select
      class={missing ? "picker missing" : "picker"}
      aria-label="Model"
      title={missing ? "The hub does not offer this model now" : "The model that answers you here"}
      value={chosen}
      onChange={(event) => {
        store.choice.value = event.currentTarget.value;
      }}
    >
      <option value="">{defaultLabel(first)}</option>
      {missing && (
        <optgroup label="Not offered now">
          <option value={chosen}>⚠ {label(choice.provider ?? "", choice.model ?? "")}</option>
        </optgroup>
      )}
      {groups.map((group) => (
        <optgroup key={group.provider} label={groupLabel(group)}>
          {group.models.map((model) => (
            <option key={model} value={choiceText({ provider: group.provider, model })}>
              {TROUBLED.has(group.state) ? "⚠ " : ""}
              {label(group.provider, model)}
              {isDefault(first, group.provider, model) ? " (default)" : ""}
            </option>
          ))}
        </optgroup>
      ))}
    </select>
  );
}

function defaultLabel(first: ProviderInfo | null): string {
  const name = first && label(first.provider, first.model);
  return name ? `Default: ${name}` : "Default";
}

function isDefault(first: ProviderInfo | null, provider: string, model: string): boolean {
  return first?.provider === provider && first.model === model;
}

function label(provider: string, model: string): string {
  return modelLabel(model) || `${plainName(provider)}, its own choice`;
}

function groupLabel({ provider, state }: ChoiceGroup): string {
  const name = plainName(provider);
  return TROUBLED.has(state) ? `${name} (${providerWords(state as never)})` : name;
}
