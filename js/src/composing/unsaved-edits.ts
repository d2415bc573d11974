// The texts of edits that were not saved: like a draft they outlive their form, the page and the kernel, in the tab's
// own storage.
import { placeOf, tabStorage } from "../store/keeper";
import type { Store } from "../store/store";
import { createSettings } from "./browser-storage";

/** Most texts kept for one conversation; the oldest are dropped. */
const MOST = 20;

export interface UnsavedEdits {
  get(messageId: string): string | undefined;
  set(messageId: string, text: string): void;
  delete(messageId: string): void;
}

const known = new WeakMap<Store, UnsavedEdits>();

/** Those of a chat, by message. */
export function unsavedEditsOf(store: Store): UnsavedEdits {
  const found = known.get(store) ?? createUnsavedEdits(store);
  known.set(store, found);
  return found;
}

function createUnsavedEdits({ select }: Store): UnsavedEdits {
  const settings = createSettings(tabStorage());
  const here = new Map<string, Map<string, string>>();
  const texts = (): [place: string, texts: Map<string, string>] => {
    const place = placeOf(select.conversationId.peek(), select.selfId.peek());
    const found = here.get(place) ?? readTexts(settings.read(`edits:${place}`));
    here.set(place, found);
    return [place, found];
  };
  const keep = ([place, all]: ReturnType<typeof texts>): void => {
    for (const id of [...all.keys()].slice(0, -MOST)) all.delete(id);
    settings.keep(`edits:${place}`, all.size > 0 ? JSON.stringify([...all]) : "");
  };
  return {
    get: (messageId) => texts()[1].get(messageId),
    set(messageId, text) {
      const found = texts();
      found[1].set(messageId, text);
      keep(found);
    },
    delete(messageId) {
      const found = texts();
      if (found[1].delete(messageId)) keep(found);
    },
  };
}

/** What was kept; what is none of it is nothing. */
function readTexts(kept: string): Map<string, string> {
  try {
    const entries: unknown = JSON.parse(kept || "[]");
    return new Map(Array.isArray(entries) ? entries.filter(isEntry) : []);
  } catch {
    return new Map(); // not ours
  }
}

function isEntry(value: unknown): value is [string, string] {
  return Array.isArray(value) && value.length === 2 && value.every((each) => typeof each === "string");
}
