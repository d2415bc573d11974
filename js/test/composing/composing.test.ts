import { signal } from "@preact/signals";
import { describe, expect, it } from "vitest";
import { createSettings } from "../../src/composing/browser-storage";
import { createComposing } from "../../src/composing/composing";
import type { ChatState } from "../../src/kernel/messages";
import { placeOf } from "../../src/store/keeper";
import { chatState } from "../support/chat";
import { FakeHost } from "../support/fake-host";

/** A browser's storage that the test can look into. */
class Browser {
  readonly kept = new Map<string, string>();
  getItem = (key: string): string | null => this.kept.get(key) ?? null;
  setItem = (key: string, value: string): void => void this.kept.set(key, value);
  removeItem = (key: string): void => void this.kept.delete(key);
}

function open(browser = new Browser(), host = new FakeHost()) {
  const chat = signal<ChatState | null>(null);
  const life = new AbortController();
  const composing = createComposing(host, life.signal, chat, createSettings(browser));
  return { browser, host, chat, life, composing };
}

describe("what a person set", () => {
  it("holds for the whole browser where it is the key that sends", () => {
    const { browser, composing } = open();
    composing.sendKey.value = "mod-enter";
    expect(open(browser).composing.sendKey.value).toBe("mod-enter");
    composing.sendKey.value = "enter";
    expect([...browser.kept.keys()], "the default needs no keeping").toEqual([]);
  });

  it("holds for a conversation and a person where it is parameters", () => {
    const { browser, chat, composing } = open();
    chat.value = chatState();
    composing.parameters.value = { temperature: 0.2 };
    const again = open(browser);
    expect(again.composing.parameters.value).toEqual({});
    again.chat.value = chatState();
    expect(again.composing.parameters.value).toEqual({ temperature: 0.2 });
    const other = open(browser);
    other.chat.value = chatState({ conversationId: "other" });
    expect(other.composing.parameters.value).toEqual({});
  });

  it.each(["null", "[1]", '"text"', "7", "{", ""])(
    "is nothing where what was kept is none of it: %s",
    (kept) => {
      const { browser, chat, composing } = open();
      browser.setItem(`conduit-widget:parameters:${placeOf("team", "ada")}`, kept);
      chat.value = chatState();
      expect(composing.parameters.value).toEqual({});
    },
  );

  it("is not lost where it was set before the kernel named the conversation", () => {
    const { browser, chat, composing } = open();
    composing.parameters.value = { seed: 1 };
    expect(browser.kept.size).toBe(0);
    chat.value = chatState();
    expect(composing.parameters.value).toEqual({ seed: 1 });
    expect(browser.kept.size).toBe(1);
  });

  it("is forgotten when it is the default again", () => {
    const { browser, chat, composing } = open();
    chat.value = chatState();
    composing.parameters.value = { seed: 1 };
    composing.parameters.value = {};
    expect(browser.kept.size).toBe(0);
  });

  it("is nothing where what was kept is not ours", () => {
    for (const text of ["", "null", "[1]", "7", "{broken", '"x"']) {
      const { browser, chat, composing } = open();
      browser.kept.set(`conduit-widget:parameters:${placeOf("team", "ada")}`, text);
      chat.value = chatState();
      expect(composing.parameters.value, text).toEqual({});
    }
  });

  it("is kept no longer after the end", () => {
    const { browser, chat, life, composing } = open();
    chat.value = chatState();
    life.abort();
    composing.parameters.value = { seed: 1 };
    expect(browser.kept.size).toBe(0);
  });

  it("lives as long as the page where nothing can be kept", () => {
    const denied = { getItem: refuse, setItem: refuse, removeItem: refuse };
    const composing = createComposing(
      new FakeHost(),
      new AbortController().signal,
      signal(chatState()),
      createSettings(denied),
    );
    composing.sendKey.value = "mod-enter";
    composing.parameters.value = { seed: 1 };
    expect(composing.parameters.value).toEqual({ seed: 1 });
  });
});

function refuse(): never {
  throw new Error("denied");
}

describe("what goes with the next message", () => {
  it("is the parameters, and a fresh context for that message only", () => {
    const { composing } = open();
    expect(composing.takeOptions()).toEqual({});
    composing.parameters.value = { seed: 1 };
    composing.fresh.value = true;
    expect(composing.takeOptions()).toEqual({ parameters: { seed: 1 }, contextStart: true });
    expect(composing.takeOptions()).toEqual({ parameters: { seed: 1 } });
  });
});

describe("starters", () => {
  it("are the texts that Python gives, followed when they change", () => {
    const host = new FakeHost();
    host.traits.starters = ["Why?", " ", 7, "How?"];
    const { composing } = open(new Browser(), host);
    expect(composing.starters.value).toEqual(["Why?", "How?"]);
    host.traits.starters = Array.from({ length: 9 }, (_, index) => `Q${index}`);
    host.emit("starters");
    expect(composing.starters.value).toHaveLength(6);
    host.traits.starters = "no list";
    host.emit("starters");
    expect(composing.starters.value).toEqual([]);
  });
});

describe("sheets", () => {
  it("open one at a time, with what they look for", () => {
    const { composing } = open();
    composing.open("parameters", "systemPrompt");
    expect([composing.sheet.value, composing.sheetQuery.value]).toEqual(["parameters", "systemPrompt"]);
    composing.open("help");
    expect([composing.sheet.value, composing.sheetQuery.value]).toEqual(["help", ""]);
    composing.toggle("help");
    expect(composing.sheet.value).toBeNull();
    composing.toggle("parameters");
    expect(composing.sheet.value).toBe("parameters");
  });
});
