// Removes what cannot be seen from names and lines that others wrote; conduit_widget/text/plain_text.py does the same.
import { prefix } from "./code-points";

// Controls, line separators, bidi marks, overrides and isolates, zero-width spaces, fillers, tags, private and half
// characters. Joiners stay: Persian names and emoji need them.
const NOT_PLAIN = new RegExp(
  `[${[
    "\\0-\\x1f\\x7f-\\x9f\\xad\\u034f\\u061c\\u115f\\u1160\\u180e\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u206f",
    "\\u3164\\ud800-\\udfff\\ue000-\\uf8ff\\ufeff\\uffa0\\ufff9-\\ufffb\\u{1bca0}-\\u{1bca3}\\u{1d173}-\\u{1d17a}",
    "\\u{e0000}-\\u{10ffff}",
  ].join("")}]`,
  "gu",
);
const BREAKS = /\s/g;

const MAX_NAME_CHARS = 64;
const MAX_LINE_CHARS = 300;

/** `value` as one plain line of at most `limit` characters and an ellipsis; empty when it is no text. */
export function plainLine(value: unknown, limit = MAX_LINE_CHARS): string {
  if (typeof value !== "string") return "";
  // Text far beyond the limit is not read at all; it may have half a million characters.
  const head = prefix(value, limit * 4);
  const plain = head.replace(BREAKS, " ").replace(NOT_PLAIN, "").replace(/ +/g, " ").trim();
  const cut = prefix(plain, limit);
  return cut.length < plain.length || head.length < value.length ? `${cut.trimEnd()}…` : plain;
}

/** Returns a name as it may be shown. */
export function plainName(value: unknown): string {
  return plainLine(value, MAX_NAME_CHARS);
}
