// Every text a person sees: whole sentences by key, with named places and the plural forms of each language.
import { signal } from "@preact/signals-core";
import { plainLine } from "../plain";
import type { English } from "./en";

/** The forms of a text that counts, as `Intl.PluralRules` names them; `{count}` is the number. */
export interface Forms {
  readonly zero?: string;
  readonly one?: string;
  readonly two?: string;
  readonly few?: string;
  readonly many?: string;
  readonly other: string;
}

export type Key = keyof English;

/** The texts of a language; what one lacks is said in English. */
export type Catalogue = { readonly [K in Key]?: English[K] extends string ? string : Forms };

type Places<S> = S extends `${string}{${infer Place}}${infer Rest}` ? Place | Places<Rest> : never;
type Texts<E> = E extends string ? E : E extends Forms ? E[keyof E] : never;
type PlacesOf<K extends Key> = Places<Texts<English[K]>>;
type CountOf<K extends Key> = English[K] extends string ? object : { count: number };
type Values<K extends Key, V> = Record<Exclude<PlacesOf<K>, "count">, V> & CountOf<K>;
type Arguments<K extends Key, V> = [PlacesOf<K>] extends [never]
  ? English[K] extends string
    ? []
    : [values: { count: number }]
  : [values: "count" extends PlacesOf<K> ? Values<K, V> & { count: number } : Values<K, V>];

/** The keys of texts that have no places. */
export type PlainKey = {
  [K in Key]: [PlacesOf<K>] extends [never] ? (English[K] extends string ? K : never) : never;
}[Key];

interface Spoken {
  language: string;
  catalogue: Record<string, string | Forms>;
}

/** The English texts that have come so far. */
const english: Record<string, string | Forms> = {};
export const ENGLISH = "en-GB";
const spoken = signal<Spoken>({ language: ENGLISH, catalogue: {} });

/** Adds English texts: each entry brings those that its first picture may say, each chunk its own. */
export function addTexts(part: Partial<English>): void {
  Object.assign(english, part);
}

/** Speaks another language from now on: a BCP 47 tag, for numbers and plurals too, and its texts. */
export function speak(language: string, catalogue: Catalogue = {}): void {
  spoken.value = { language, catalogue: catalogue as Record<string, string | Forms> };
}

/** The language spoken at present, as a BCP 47 tag. */
export function language(): string {
  return spoken.value.language;
}

/** How dates and times are written: the way of the language spoken; in English, of the browser. */
export function dates(): string | undefined {
  return language() === ENGLISH ? undefined : language();
}

/** A text in the present language; numbers are written its way. Views that read it follow a change of language. */
export function text<K extends Key>(key: K, ...values: Arguments<K, string | number>): string {
  return pieces(key, values[0]).join("");
}

/** The same where a place holds more than words: the pieces in order, for a view to draw. */
export function textNodes<K extends Key, V>(key: K, ...values: Arguments<K, V>): (string | V)[] {
  return pieces(key, values[0]) as (string | V)[];
}

/** What Python said, as a plain line: in the language spoken where that has every sentence of it; else as it was written. */
export function retold(written: unknown, said?: readonly unknown[] | null): string {
  let line = "";
  for (const each of said ?? [{ key: written }]) {
    const { key, values } = Object(each);
    if (!Object.hasOwn(spoken.value.catalogue, key)) return plainLine(written);
    line += `${pieces(key, Object(values)).join("")} `;
  }
  return plainLine(line || written);
}

/** "Ada", "Ada and Bo", "Ada, Bo and Cy". */
export function listed(names: readonly string[]): string {
  return new Intl.ListFormat(language(), { type: "conjunction" }).format(names);
}

/** A number the way the language writes it. */
export function numeral(value: number, options?: Intl.NumberFormatOptions): string {
  return new Intl.NumberFormat(language(), options).format(value);
}

function pieces(key: string, values: object = {}): unknown[] {
  const places = values as Record<string, unknown>;
  const [form, locale] = formOf(key, places.count);
  // Odd pieces are the names of places.
  return form.split(/\{(\w+)\}/).map((piece, index) => {
    if (index % 2 === 0) return piece;
    const value = places[piece];
    return typeof value === "number" ? new Intl.NumberFormat(locale).format(value) : value;
  });
}

function formOf(key: string, count: unknown): [form: string, locale: string] {
  const { language: chosen, catalogue } = spoken.value;
  const own = catalogue[key];
  const [entry, locale] = own === undefined ? [english[key] ?? key, ENGLISH] : [own, chosen];
  if (typeof entry === "string") return [entry, locale];
  const form = entry[new Intl.PluralRules(locale).select(Number(count))];
  return [form ?? entry.other, locale];
}
