import { plainLine } from "../../plain";
import type { PlainKey } from "../../texts/texts";
import { listed, text } from "../../texts/texts";

/** The kinds of conduit_widget/context/masking.py. */
const WORDS: Readonly<Record<string, PlainKey>> = {
  "private key": "context.maskedPrivateKey",
  "API key": "context.maskedApiKey",
  token: "context.maskedToken",
  "password in an address": "context.maskedAddress",
  "secret under its name": "context.maskedNamed",
  "value of an environment variable": "context.maskedVariable",
  "values of .env": "context.maskedEnv",
};

/** "API key and token": what was replaced, in words. */
export function maskedWords(kinds: readonly string[]): string {
  return listed(
    kinds.map((kind) => {
      const key = Object.hasOwn(WORDS, kind) ? WORDS[kind] : undefined;
      return key ? text(key) : plainLine(kind);
    }),
  );
}
