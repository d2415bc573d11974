// Which model is to answer: the hub's own choice, or one of those that the providers have.
import type { ProviderFigures } from "../contract";
import type { Choice } from "../kernel/messages";

/** The models of one provider, as a picker shows them. */
export interface ChoiceGroup {
  provider: string;
  state: string;
  models: readonly string[];
}

/** The providers that can be chosen; one that names no model chooses by itself. */
export function choiceGroups(providers: readonly ProviderFigures[]): ChoiceGroup[] {
  return providers
    .filter(({ status }) => status.state !== "disabled")
    .map(({ status: { provider, state, models } }) => ({
      provider,
      state,
      models: models.length > 0 ? models : [""],
    }));
}

/** Whether there is anything to choose. */
export function isChoice(groups: readonly ChoiceGroup[]): boolean {
  return groups.reduce((sum, { models }) => sum + models.length, 0) > 1;
}

/** Whether a choice is among those there are at present. */
export function isOffered({ provider, model }: Choice, groups: readonly ChoiceGroup[]): boolean {
  const group = groups.find((each) => each.provider === provider);
  return Boolean(group?.models.includes(model ?? ""));
}

/** A choice as text, to be kept and to stand in a form; empty for the hub's own. */
export function choiceText({ provider, model }: Choice): string {
  return provider || model ? JSON.stringify([provider ?? "", model ?? ""]) : "";
}

/** Reads {@link choiceText}; what is none is the hub's own choice. */
export function readChoice(text: string): Choice {
  try {
    const value: unknown = JSON.parse(text || "null");
    if (!Array.isArray(value) || !value.every((each) => typeof each === "string")) return {};
    const [provider, model] = value as string[];
    return { ...(provider && { provider }), ...(model && { model }) };
  } catch {
    return {}; // not ours
  }
}
