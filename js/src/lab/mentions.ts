// Whether somebody wants to be told on the desktop when they are mentioned. The browser asks for the permission, and only
// when they have said so.
import { text } from "../texts/texts";
import type { PluginSettings } from "./jupyter";

const SETTING = "notifyOfMentions";

export interface Mentions {
  areWanted(): boolean;
  /** Turns it on or off; `say` tells why it cannot be turned on. */
  toggle(say: (words: string) => void): Promise<void>;
  onChange(listener: () => void): void;
}

export function mentionSetting(loading: Promise<PluginSettings | null>): Mentions {
  let settings: PluginSettings | null = null;
  const listeners: (() => void)[] = [];
  const areWanted = (): boolean => settings?.composite[SETTING] === true;
  loading.then((loaded) => {
    settings = loaded;
    loaded?.changed.connect(() => {
      for (const listener of listeners) listener();
    });
  });
  return {
    areWanted,
    async toggle(say) {
      const isOn = !areWanted();
      const permission = isOn ? await globalThis.Notification?.requestPermission() : "granted";
      if (permission !== "granted") say(text("lab.notAllowed"));
      else await settings?.set(SETTING, isOn);
    },
    onChange: (listener) => {
      listeners.push(listener);
    },
  };
}
