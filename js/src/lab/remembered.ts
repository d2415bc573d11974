// What the panel finds again after a reload of the page: in the browser's storage, a server each.
import { createSettings } from "../composing/browser-storage";

export interface Remembered {
  /** Empty until the panel was opened once. */
  conversation(): string;
  keepConversation(id: string): void;
  isOpen(): boolean;
  keepOpen(open: boolean): void;
}

export function remembered(baseUrl: string): Remembered {
  const settings = createSettings();
  const key = `panel:${baseUrl}`;
  const openKey = `panel-open:${baseUrl}`;
  return {
    conversation: () => settings.read(key),
    keepConversation: (id) => settings.keep(key, id),
    isOpen: () => settings.read(openKey) !== "",
    keepOpen: (open) => settings.keep(openKey, open ? "open" : ""),
  };
}
