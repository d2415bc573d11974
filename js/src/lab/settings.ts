// What a person sets in the settings editor.
import type { PluginSettings, SettingRegistry } from "./jupyter";

/** Null where there are none (a page without settings, a schema that was not installed): the defaults hold. */
export type Settings = Promise<PluginSettings | null>;

export async function pluginSettings(
  registry: SettingRegistry | null | undefined,
  plugin: string,
): Promise<PluginSettings | null> {
  try {
    return (await registry?.load(plugin)) ?? null;
  } catch {
    return null;
  }
}
