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
  const changed = (): void => {
    for (const listener of listeners) listener();
  };
  const loaded = loading.then((given) => {
    settings = given;
    given?.changed.connect(changed);
    changed();
  });
  return {
    areWanted,
    async toggle(say) {
      // What asks for a permission has to come of the key press itself: nothing is awaited before.
      const asked = areWanted() ? "granted" : globalThis.Notification?.requestPermission();
      await loaded;
      const isOn = !areWanted();
      if (isOn && (await asked) !== "granted") say(text("lab.notAllowed"));
      else await (settings?.set(SETTING, isOn) ?? Promise.reject()).catch(() => say(text("lab.notSaved")));
    },
    onChange: (listener) => {
      listeners.push(listener);
    },
  };
}
