/** Messages that nest without end, by each way there is to nest. */
export const POISON: readonly [name: string, text: string][] = [
  ["quotes", `${">".repeat(1_600)}x`],
  ["spaced quotes", `${"> ".repeat(964)}x`],
  ["bullets", `${"- ".repeat(500)}x`],
  ["numbers", `${"1. ".repeat(700)}x`],
  ["quotes and bullets", `${"> - ".repeat(330)}x`],
  ["numbers and quotes", `${"1. > ".repeat(330)}x`],
  ["indented lists", Array.from({ length: 200 }, (_, level) => `${"  ".repeat(level)}- x`).join("\n")],
  ["emphasis", `${"*".repeat(3_000)}a${"*".repeat(3_000)}`],
  ["alternating emphasis", `${"*_".repeat(140)}a${"_*".repeat(140)}`],
  ["quotes that go on", `${">".repeat(1_000)}x\nlazy line\n${">".repeat(1_000)}y`],
  ["a list in a quote's table", `${"> ".repeat(40)}| a |\n${"> ".repeat(40)}|---|`],
];

/** Those that are looked at as a whole, and give up nothing: shown in whatever form, with every word. */
export const HARMLESS: readonly [name: string, text: string][] = [
  ["brackets", `${"[".repeat(3_000)}word${"]".repeat(3_000)}`],
  ["links in links", `${"[".repeat(500)}word${"](https://example.com)".repeat(500)}`],
  [
    "images in links",
    `${"[![".repeat(500)}word${"](https://example.com/i.png)](https://example.com)".repeat(500)}`,
  ],
  ["emphasis in a cell", `| ${"**_".repeat(90)}word${"_**".repeat(90)} |\n|---|`],
  ["tags", `${"<sub>".repeat(2_000)}word${"</sub>".repeat(2_000)}`],
  ["blocks of HTML", `${"<div>\n".repeat(2_000)}word`],
  ["struck", `${"~~a ".repeat(2_000)}word`],
];
