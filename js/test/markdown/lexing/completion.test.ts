import { expect, it } from "vitest";
import { completed } from "../../../src/markdown/lexing/completion";

it.each([
  ["So **bol", "So **bol**"],
  ["So **bol*", "So **bol**"],
  ["So **bold** and *it", "So **bold** and *it*"],
  ["***both", "***both***"],
  ["a _word", "a _word_"],
  ["snake_case", "snake_case"],
  ["~~gone", "~~gone~~"],
  ["run `pip inst", "run `pip inst`"],
  ["``a ` b", "``a ` b``"],
  ["**bold `code", "**bold `code`**"],
  ["`**` and", "`**` and"],
  ["see [the page](https://exa", "see the page"],
  ["**see [the page](https://exa", "**see the page**"],
  ["![a plot](https://exa", ""],
  ["[done](https://example.com) **x", "[done](https://example.com) **x**"],
  ["array[0", "array[0"],
  ["a **", "a "],
  ["5 * 3 = 15", "5 * 3 = 15"],
  ["A list:\n-", "A list:\n"],
  ["Text\n=", "Text\n"],
  ["- one\n- **tw", "- one\n- **tw**"],
  ["- one\n  ```py\n  x = a **", "- one\n  ```py\n  x = a **"],
  ["done **x**\n", "done **x**\n"],
  ["\\*not", "\\*not"],
])("%j becomes %j", (text, expected) => {
  expect(completed(text)).toBe(expected);
});
