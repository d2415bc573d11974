// Does what a command says.

import {
  ASSISTANT_SETTINGS,
  COMMANDS,
  type CommandName,
  EXPORT_FORMATS,
  NEEDS_CONVERSATION,
  oneOf,
  readDraft,
} from "../../composing/commands";
import { LIMITS } from "../../composing/parameters";
import { choiceGroups, choiceText } from "../../state/choice";
import type { Store } from "../../store/store";
import { listed, text } from "../../texts/texts";
import { saveFile } from "../save-file";
import { modelLabel } from "../words";

/** The commands that this chat's kernel and hub can do. */
export function commandsHere(store: Store): readonly CommandName[] {
  const whole = store.select.settled.value?.conversation !== undefined;
  return COMMANDS.filter((name) => whole || !NEEDS_CONVERSATION.has(name));
}

/** Does what a line with a slash says, or sends it where it is text all the same; returns what is wrong, in words. */
export async function runLine(
  store: Store,
  line: string,
  post: (text: string) => string | null,
): Promise<string | null> {
  const draft = readDraft(line.trimEnd());
  if (draft.kind === "command") return run(store, draft.name, draft.words);
  if (draft.kind === "unknown") return text("composer.unknownCommand", { name: draft.name });
  return post(draft.text);
}

async function run(store: Store, name: CommandName, words: string): Promise<string | null> {
  if (!commandsHere(store).includes(name)) return text("command.notHere", { name });
  try {
    return await RUN[name](store, words);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

type Run = (store: Store, words: string) => string | null | Promise<string | null>;

const RUN: Readonly<Record<CommandName, Run>> = {
  model: chooseModel,
  system(store, words) {
    if (!words) return open(store, "parameters", "systemPrompt");
    const bytes = new TextEncoder().encode(words).length;
    if (bytes > LIMITS.systemPromptBytes)
      return text("command.systemTooLong", { bytes, most: LIMITS.systemPromptBytes });
    const { parameters } = store.composing;
    parameters.value = { ...parameters.value, systemPrompt: words };
    return null;
  },
  clear(store) {
    store.composing.fresh.value = true;
    return null;
  },
  search: (store, words) => open(store, "search", words),
  async export(store, words) {
    if (!words) return open(store, "files");
    const format = oneOf(words, EXPORT_FORMATS);
    if (!format) return text("command.whichFormat", { formats: listed(EXPORT_FORMATS) });
    saveFile(await store.ask<{ name: string; text: string }>({ kind: "export", format }));
    return null;
  },
  async title(store, words) {
    if (!words) return text("command.whichTitle");
    await store.ask({ kind: "conversation", action: "rename", title: words });
    return null;
  },
  async assistant(store, words) {
    const assistant = oneOf(words, ASSISTANT_SETTINGS);
    if (!assistant) return text("command.whichAssistant", { settings: listed(ASSISTANT_SETTINGS) });
    await store.ask({ kind: "conversation", action: "update", assistant });
    return null;
  },
  help: (store) => open(store, "help"),
};

function open(store: Store, sheet: Parameters<Store["composing"]["open"]>[0], query = ""): null {
  store.composing.open(sheet, query);
  return null;
}

function chooseModel(store: Store, words: string): string | null {
  const models = choiceGroups(store.select.providers.value).flatMap(({ provider, models }) =>
    models.map((model) => ({ label: modelLabel(model) || provider, choice: { provider, model } })),
  );
  if (models.length === 0) return text("command.noModels");
  const labels = [...new Set(models.map(({ label }) => label))];
  if (!words) return text("command.whichModel", { models: listed(labels) });
  if (words.toLowerCase() === text("command.default").toLowerCase()) {
    store.choice.value = "";
    return null;
  }
  const label = oneOf(words, labels);
  const found = models.find((each) => each.label === label);
  if (!found) return text("command.noModel", { name: words, models: listed(labels) });
  store.choice.value = choiceText(found.choice);
  return null;
}
