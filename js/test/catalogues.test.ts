// The languages: each says everything that English says, with the same places.
import { readdir } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { catalogue as de } from "../src/texts/de";
import { lab as deLab } from "../src/texts/de/lab";
import { catalogue as es } from "../src/texts/es";
import { lab as esLab } from "../src/texts/es/lab";
import type { Forms } from "../src/texts/texts";
import { catalogue as zh } from "../src/texts/zh";
import { lab as zhLab } from "../src/texts/zh/lab";

type Texts = Record<string, string | Forms>;

const FOLDER = new URL("../src/texts/en/", import.meta.url);
const ENGLISH: Texts = {};
for (const file of await readdir(FOLDER)) {
  const parts: object = await import(/* @vite-ignore */ new URL(file, FOLDER).pathname);
  // A list holds texts that are their own keys.
  for (const part of Object.values(parts))
    Object.assign(
      ENGLISH,
      Array.isArray(part) ? Object.fromEntries(part.map((each: string) => [each, each])) : part,
    );
}

const formsOf = (entry: string | Forms): string[] =>
  typeof entry === "string" ? [entry] : Object.values<string>({ ...entry });
const places = (form: string): string[] =>
  [...form.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? "").sort();
/** What a text that counts must say; a form for one may do without the number. */
const placesOf = (entry: string | Forms): string[] => places(typeof entry === "string" ? entry : entry.other);

const LANGUAGES = { de: { ...de, ...deLab }, es: { ...es, ...esLab }, zh: { ...zh, ...zhLab } };

describe.each(Object.entries(LANGUAGES))("%s", (tag, catalogue) => {
  const own: Texts = catalogue;

  it("has the keys of English, no more and no fewer", () => {
    expect(Object.keys(own).sort()).toEqual(Object.keys(ENGLISH).sort());
  });

  it("has the places of English in each of its forms", () => {
    for (const [key, entry] of Object.entries(own))
      for (const form of formsOf(entry))
        expect(places(form), `${tag} ${key}`).toEqual(placesOf(ENGLISH[key] ?? ""));
  });

  it("has the plural forms that it needs, as whole texts", () => {
    const needed = new Intl.PluralRules(tag).resolvedOptions().pluralCategories;
    for (const [key, entry] of Object.entries(own)) {
      expect(typeof entry, key).toBe(typeof ENGLISH[key]);
      for (const form of formsOf(entry)) expect(form, key).toBe(form.trim());
      if (typeof entry === "string") continue;
      // Spanish has a form for round millions, which nobody here counts to.
      for (const category of needed.filter((each) => each !== "many"))
        expect(entry[category], `${key}, ${category}`).toBeTruthy();
    }
  });
});
