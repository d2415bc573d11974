// What belongs to the writing of messages and lives beside the conversation: settings, starters, what is open.
import { computed, effect, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { Host } from "../host/host";
import type { ChatState, SendOptions } from "../kernel/messages";
import { placeOf } from "../store/keeper";
import { createSettings, type Settings } from "./browser-storage";
import type { Parameters } from "./parameters";
import { readSendKey, type SendKey } from "./send-key";

/** The sheets that open beside the conversation, one at a time. */
export type SheetName =
  | "parameters"
  | "people"
  | "help"
  | "search"
  | "conversations"
  | "files"
  | "pinned"
  | "queue"
  | "details"
  | "call";

export interface Composing {
  /** Questions to begin an empty conversation with, as given in Python. */
  readonly starters: ReadonlySignal<readonly string[]>;
  readonly sendKey: Signal<SendKey>;
  /** What this person asks of the answers in this conversation. */
  readonly parameters: Signal<Parameters>;
  /** The next message begins a context of its own: the model reads nothing from before it. */
  readonly fresh: Signal<boolean>;
  /** What else goes with the next message, and lets it do without a text; empty: it has to wait. */
  readonly carried: Signal<SendOptions | "" | null>;
  readonly sheet: Signal<SheetName | null>;
  /** What the sheet that opens looks for or at; empty for nothing. */
  readonly sheetQuery: Signal<string>;
  open(name: SheetName, query?: string): void;
  /** What goes with the next message; what held for one message only is used up by it. */
  takeOptions(): SendOptions;
  /** Opens a sheet, or closes it where it is open. */
  toggle(name: SheetName): void;
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
      // What was chosen before the conversation was known is for this one.
      const chosen = at === null ? value : {};
      at = where;
      parameters.value = { ...readParameters(settings.read(`parameters:${where}`)), ...chosen };
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
  const fresh = signal(false);
  const carried = signal<SendOptions | "" | null>(null);
  return {
    starters,
    sendKey,
    parameters,
    fresh,
    carried,
    takeOptions() {
      const options: SendOptions = {
        ...(Object.keys(parameters.value).length > 0 && { parameters: parameters.value }),
        ...(fresh.value && { contextStart: true }),
        ...(carried.value || null),
      };
      fresh.value = false;
      carried.value = null;
      return options;
    },
    sheet,
    sheetQuery,
    open(name, query = "") {
      sheetQuery.value = query;
      sheet.value = name;
    },
    toggle(name) {
      sheetQuery.value = "";
      sheet.value = sheet.value === name ? null : name;
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

/** Reads what was kept; what is none of it is nothing. The sheet and the hub check the values. */
function readParameters(text: string): Parameters {
  try {
    const value: unknown = JSON.parse(text || "{}");
    return typeof value === "object" && !Array.isArray(value) ? { ...value } : {};
  } catch {
    return {}; // not ours
  }
}
