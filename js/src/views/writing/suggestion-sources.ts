// What the field can complete in this conversation.

import { ASSISTANT_SETTINGS, EXPORT_FORMATS } from "../../composing/commands";
import type { Sources, Suggestion } from "../../composing/completion";
import { mentionables } from "../../composing/mentionables";
import { plainName } from "../../plain";
import { choiceGroups } from "../../state/choice";
import type { Store } from "../../store/store";
import { text } from "../../texts/texts";
import { modelLabel } from "../words";
import { commandsHere } from "./run-command";

/** Commands that open or do something by themselves. */
const RUNS = new Set(["clear", "help", "export"]);

export function suggestionSources(store: Store): Sources {
  return {
    commands: commandsHere(store).map((name) => ({
      id: name,
      insert: `/${name}`,
      label: name,
      detail: text(`command.${name}`),
      hint: text(`command.${name}.words`),
      runs: RUNS.has(name),
    })),
    words: (command) => wordsOf(command, store),
    mentions: mentionSources(store),
  };
}

/** People first, then the kernel's variables, then models. */
function mentionSources(store: Store): Suggestion[] {
  const named = mentionables(store).map(({ name, userId, choice }) => ({
    id: userId ? `person:${userId}` : `model:${choice?.provider ?? ""}:${name}`,
    insert: `@${name}`,
    label: name,
    detail: userId
      ? text("writing.person")
      : choice
        ? text("writing.model", { provider: plainName(choice.provider) })
        : text("writing.assistant"),
    ...(userId && { userId }),
  }));
  const models = named.findIndex(({ id }) => /^model:./.test(id) && !id.startsWith("model::"));
  const split = models < 0 ? named.length : models;
  return [...named.slice(0, split), ...variables(store), ...named.slice(split)];
}

function variables(store: Store): Suggestion[] {
  const { module: context } = store.chunks.state("context").value;
  if (!context) return [];
  return context.contextDraft(store).variables.value.map(({ name, type, shape, size }) => ({
    id: `variable:${name}`,
    insert: context.asWritten(name),
    label: name,
    detail: [type, shape, size].filter(Boolean).map(plainName).join(" · "),
    isVariable: true,
    goesOn: /[:/]$/.test(name),
  }));
}

function wordsOf(command: string, store: Store): readonly Suggestion[] {
  switch (command) {
    case "model":
      return [
        word(text("command.default"), text("command.defaultHint")),
        ...choiceGroups(store.select.providers.value).flatMap(({ provider, models }) =>
          models.filter(Boolean).map((model) => ({
            ...word(modelLabel(model), plainName(provider)),
            id: JSON.stringify([provider, model]),
          })),
        ),
      ];
    case "assistant":
      return ASSISTANT_SETTINGS.map((each) => word(each, text(`command.assistant.${each}`)));
    case "export":
      return EXPORT_FORMATS.map((each) => word(each, text(`command.export.${each}`)));
    default:
      return [];
  }
}

function word(label: string, detail: string): Suggestion {
  return { id: label, insert: label, label, detail };
}
