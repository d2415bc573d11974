// @vitest-environment happy-dom
import { signal } from "@preact/signals";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Chunks } from "../../src/lazy/chunks";
import { catalogue as de } from "../../src/texts/de";
import { catalogue as es } from "../../src/texts/es";
import { speakAsAsked } from "../../src/texts/speaking";
import { ENGLISH, language, speak, text } from "../../src/texts/texts";
import { settled } from "../support/fake-clock";
import { FakeHost } from "../support/fake-host";
import { View } from "../support/view";

const life = new AbortController();
let host: FakeHost;
let asked: string[];
let come: Record<string, () => void>;

/** Chunks that come when the test says so. */
const chunks = {
  load: (name: string) => {
    asked.push(name);
    return new Promise((resolve) => {
      come[name] = () => resolve({ catalogue: name === "de" ? de : es });
    });
  },
} as unknown as Pick<Chunks, "load">;

beforeEach(() => {
  host = new FakeHost();
  asked = [];
  come = {};
});
afterEach(() => speak(ENGLISH));

const browser = (tag: string): unknown => vi.spyOn(navigator, "language", "get").mockReturnValue(tag);

it("is English until the texts of the browser's language have come, which nothing waits for", async () => {
  browser("de-AT");
  const chat = signal<object | null>(null);
  speakAsAsked(host, life.signal, chunks, chat);
  expect(asked).toEqual([]);
  chat.value = {};
  chat.value = {};
  expect(asked).toEqual(["de"]);
  expect(text("connection.live")).toBe("Live");
  come.de?.();
  await settled();
  expect([language(), text("connection.live")]).toEqual(["de-AT", "Verbunden"]);
});

it("is the language that Python asks for, also when that is English or changes", async () => {
  browser("de");
  host.traits.language = "en";
  speakAsAsked(host, life.signal, chunks, signal({}));
  expect(asked).toEqual([]);
  const ask = (tag: string): void => {
    host.traits.language = tag;
    host.emit("language");
  };
  ask("de");
  ask("es");
  come.es?.();
  come.de?.();
  await settled();
  expect([language(), text("connection.live")]).toEqual(["es", "Conectado"]);
  ask("en");
  expect(text("connection.live")).toBe("Live");
});

it("fetches nothing for a language that has no texts", () => {
  browser("fr-FR");
  speakAsAsked(host, life.signal, chunks, signal({}));
  expect([asked, language()]).toEqual([[], ENGLISH]);
});

it("keeps what is drawn and written when the language changes, and says which it is", async () => {
  const view = new View();
  await view.live();
  const area = view.type("half a thought");
  speak("de", de);
  await view.painted();
  expect(view.find("textarea")).toBe(area);
  expect(area.value).toBe("half a thought");
  expect(area.getAttribute("aria-label")).toBe("Nachricht");
  expect(view.text(".badge")).toBe("Verbunden");
  expect(view.find("section.chat").lang).toBe("de");
  view.close();
});

it("says in its own words why one may only read", async () => {
  const view = new View();
  await view.live({ readOnly: "Your Jupyter account may read here and not write." });
  speak("de", de);
  await view.painted();
  const why = "Dein Jupyter-Konto darf hier lesen und nicht schreiben.";
  expect(view.find("textarea").getAttribute("placeholder")).toBe(why);
  expect(view.find<HTMLButtonElement>("button.send").title).toBe(why);
  view.close();
});
