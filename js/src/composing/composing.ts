// What belongs to the writing of messages and lives beside the conversation: settings, starters, what is open.
import { computed, effect, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { Host } from "../host";
import { placeOf } from "../keeper";
import type { ChatState } from "../kernel-messages";
import { createSettings, type Settings } from "./browser-storage";
import { type Parameters, readParameters } from "./parameters";
import { readSendKey, type SendKey } from "./send-key";

/** The sheets that open beside the conversation, one at a time. */
export type SheetName = "parameters" | "people" | "details" | "help" | "search";

export interface Composing {
  /** Questions to begin an empty conversation with, as given in Python. */
  readonly starters: ReadonlySignal<readonly string[]>;
  readonly sendKey: Signal<SendKey>;
  /** What this person asks of the answers in this conversation. */
  readonly parameters: Signal<Parameters>;
  /** The next message begins a context of its own: the model reads nothing from before it. */
  readonly fresh: Signal<boolean>;
  readonly sheet: Signal<SheetName | null>;
  /** What the sheet that opens looks for or at; empty for nothing. */
  readonly sheetQuery: Signal<string>;
  open(name: SheetName, query?: string): void;
}

const MOST_STARTERS = 6;

/** Opens it for a model; everything it holds ends with `lifetime`. */
export function createComposing(
  host: Host,
  lifetime: AbortSignal,
  chat: ReadonlySignal<ChatState | null>,
  settings: Settings = createSettings(),
): Composing {
  const starters = signal(readStarters(host));
  host.onTrait(
    "starters",
    () => {
      starters.value = readStarters(host);
    },
    lifetime,
  );
  const sendKey = signal(readSendKey(settings.read("send-key")));
  const parameters = signal<Parameters>({});
  const place = computed(() => {
    const state = chat.value;
    return state && placeOf(state.conversationId, state.self.userId);
  });
  /** Where `parameters` belong; what was read for one conversation is never kept for another. */
  let at: string | null = null;
  const stops = [
    effect(() => settings.keep("send-key", sendKey.value === "enter" ? "" : sendKey.value)),
    effect(() => {
      const where = place.value;
      const value = parameters.value;
      if (where === null) return;
      if (where === at) {
        settings.keep(`parameters:${where}`, Object.keys(value).length > 0 ? JSON.stringify(value) : "");
        return;
      }
      at = where;
      parameters.value = { ...readParameters(settings.read(`parameters:${where}`)), ...value };
    }),
  ];
  lifetime.addEventListener(
    "abort",
    () => {
      for (const stop of stops) stop();
    },
    { once: true },
  );
  const sheet = signal<SheetName | null>(null);
  const sheetQuery = signal("");
  return {
    starters,
    sendKey,
    parameters,
    fresh: signal(false),
    sheet,
    sheetQuery,
    open(name, query = "") {
      sheetQuery.value = query;
      sheet.value = name;
    },
  };
}

function readStarters(host: Host): readonly string[] {
  const value = host.trait("starters");
  if (!Array.isArray(value)) return [];
  return value
    .filter((each): each is string => typeof each === "string" && each.trim() !== "")
    .slice(0, MOST_STARTERS);
}
