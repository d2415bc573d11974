// @vitest-environment happy-dom
// Whether somebody wants to be told of mentions: asked, refused, switched twice, without settings.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { PluginSettings } from "../../src/lab/jupyter";
import { type Mentions, mentionSetting } from "../../src/lab/mentions";
import { pluginSettings } from "../../src/lab/settings";
import { speakLanguage } from "../../src/lab/texts";
import { text } from "../../src/texts/texts";
import { settled } from "../support/fake-clock";
import { FakeSignal } from "../support/lab/pieces";

const SETTING = "notifyOfMentions";

/** The settings of a person, as the page keeps them. */
class FakeSettings {
  readonly changed = new FakeSignal();
  composite: Record<string, unknown> = {};
  refuses: unknown = null;

  async set(name: string, value: unknown): Promise<void> {
    if (this.refuses) throw this.refuses;
    this.composite = { ...this.composite, [name]: value };
    this.changed.emit();
  }
}

let settings: FakeSettings;
let said: string[];
let permission: string | undefined;
let asked: number;

beforeEach(() => {
  speakLanguage("en");
  [settings, said, permission, asked] = [new FakeSettings(), [], "granted", 0];
  vi.stubGlobal("Notification", {
    async requestPermission() {
      asked += 1;
      return permission;
    },
  });
});
afterEach(() => {
  vi.unstubAllGlobals();
});

const of = (given: FakeSettings | null = settings): Mentions =>
  mentionSetting(Promise.resolve(given as unknown as PluginSettings | null));
const toggle = (mentions: Mentions): Promise<void> => mentions.toggle((words) => said.push(words));

describe("being told of mentions", () => {
  it("is off until somebody wants it, and asks for the permission only then", async () => {
    const mentions = of();
    await settled();
    expect([mentions.areWanted(), asked]).toEqual([false, 0]);
    await toggle(mentions);
    expect([mentions.areWanted(), asked, said]).toEqual([true, 1, []]);
    await toggle(mentions);
    expect([mentions.areWanted(), asked, said]).toEqual([false, 1, []]);
  });

  it.each([
    ["denied", "denied"],
    ["dismissed", "default"],
  ])("stays off where the browser's question is %s, and says why", async (_, given) => {
    permission = given;
    const mentions = of();
    await toggle(mentions);
    expect([mentions.areWanted(), said]).toEqual([false, [text("lab.notAllowed")]]);
    permission = "granted";
    await toggle(mentions);
    expect(mentions.areWanted()).toBe(true);
  });

  it("stays off in a browser that has no notifications", async () => {
    vi.stubGlobal("Notification", undefined);
    const mentions = of();
    await toggle(mentions);
    expect([mentions.areWanted(), said]).toEqual([false, [text("lab.notAllowed")]]);
  });

  it.each([[true], ["yes"], [1], [null], [{}]])("is wanted only where it says so: %j", async (value) => {
    settings.composite = { [SETTING]: value };
    const mentions = of();
    await settled();
    expect(mentions.areWanted()).toBe(value === true);
  });

  it("is switched by what the settings say, also when they come late", async () => {
    settings.composite = { [SETTING]: true };
    let load = (_: FakeSettings): void => {};
    const loading = new Promise((resolve) => {
      load = resolve;
    });
    const mentions = mentionSetting(loading as Promise<PluginSettings | null>);
    const changes: boolean[] = [];
    mentions.onChange(() => changes.push(mentions.areWanted()));
    const off = toggle(mentions);
    expect(mentions.areWanted()).toBe(false);
    load(settings);
    await off;
    expect(settings.composite[SETTING], "they were on").toBe(false);
    expect(changes).toEqual([true, false]);
  });

  it("is told when it is changed elsewhere, as in the settings editor", async () => {
    const mentions = of();
    const changes: boolean[] = [];
    mentions.onChange(() => changes.push(mentions.areWanted()));
    await settled();
    changes.length = 0;
    await settings.set(SETTING, true);
    await settings.set("conversation", "team");
    expect(changes).toEqual([true, true]);
  });
});

describe("where it cannot be kept", () => {
  it("says so", async () => {
    settings.refuses = new Error("403 Forbidden");
    const mentions = of();
    await toggle(mentions);
    expect([mentions.areWanted(), said]).toEqual([false, [text("lab.notSaved")]]);
    settings.refuses = null;
    await toggle(mentions);
    expect([mentions.areWanted(), said.length]).toEqual([true, 1]);
  });

  it("says so in a page without settings", async () => {
    const mentions = of(null);
    await toggle(mentions);
    expect([mentions.areWanted(), said]).toEqual([false, [text("lab.notSaved")]]);
  });
});

describe("the settings of a page", () => {
  it.each([
    ["has none", null],
    ["does not say", undefined],
    ["cannot load them", { load: () => Promise.reject(new Error("no schema")) }],
    ["loads nothing", { load: async () => undefined as unknown as PluginSettings }],
  ])("are none where it %s", async (_, registry) => {
    expect(await pluginSettings(registry, "conduit_widget:plugin")).toBeNull();
  });

  it("are those of the plugin", async () => {
    const load = vi.fn(async () => settings as unknown as PluginSettings);
    expect(await pluginSettings({ load }, "conduit_widget:plugin")).toBe(settings);
    expect(load).toHaveBeenCalledWith("conduit_widget:plugin");
  });
});
