// The language of what this extension says: the chat's own.
import { lab as de } from "../texts/de/lab";
import { lab as en } from "../texts/en/lab";
import { lab as es } from "../texts/es/lab";
import { addTexts, ENGLISH, speak } from "../texts/texts";
import { lab as zh } from "../texts/zh/lab";

const CATALOGUES = { de, es, zh };

/** Speaks the language of a tag, or the browser's when it is empty. */
export function speakLanguage(asked: string): void {
  addTexts(en);
  const tag = asked || globalThis.navigator?.language || ENGLISH;
  const name = (["de", "es", "zh"] as const).find((each) => each === tag.slice(0, 2));
  if (name) speak(tag, CATALOGUES[name]);
  else speak(ENGLISH);
}
