// Chinese, Japanese and Korean write no spaces around a mark, which CommonMark's rules for `**` and bare addresses expect.

const LETTER = String.raw`\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Bopomofo}ー`;
const PUNCTUATION = String.raw`\u3000-\u303f\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65`;
const QUOTES = "“”‘’…—";

const IS_LETTER = new RegExp(`[${LETTER}]$`, "u");
/** Punctuation after which CommonMark does not let stars end emphasis. */
const BEFORE_STARS = new RegExp(
  `[${PUNCTUATION}](?=\\*)|(?!\\*)[\\p{P}\\p{S}](?=\\*+[${LETTER}${PUNCTUATION}])`,
  "gu",
);
const END_OF_ADDRESS = new RegExp(`[${PUNCTUATION}${QUOTES}]`, "u");

/** Whether `text` ends in a letter of these scripts. */
export function endsInLetter(text: string): boolean {
  return IS_LETTER.test(text);
}

/** `text`, as long as before, with such punctuation as if it were letters: stars next to it may then end emphasis. */
export function maskPunctuation(text: string): string {
  return text.includes("*") ? text.replace(BEFORE_STARS, (found) => "a".repeat(found.length)) : text;
}

/** What of a bare address stands before punctuation that is the sentence's, not its own. */
export function untilPunctuation(address: string): string {
  const end = address.search(END_OF_ADDRESS);
  return end < 0 ? address : address.slice(0, end);
}
