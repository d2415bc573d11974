/** 30 kB of each thing that a parser may take too long for, and of what people and models do write. */
const SIZE = 30_000;

const fill = (unit: string): string => unit.repeat(Math.ceil(SIZE / unit.length)).slice(0, SIZE);

// One array a family: brackets, ticks, emphasis, tables, tags, entities, formulas, space, lists, quotes, lines, addresses.
const UNITS = [
  [
    "[",
    "]",
    "![",
    "[a](",
    "[a](b",
    "[a][",
    "[]",
    "[](",
    ")",
    "](x)",
    "[[a]",
    "[![a](b)",
    "[^1]",
    "[^1]: a\n",
    "[a]: b\n",
  ],
  ["`", "``a", "`a", "` a `", "```\n", "~~~\n"],
  [
    "*",
    "**",
    "*a ",
    "**a",
    "a*",
    "*a*",
    "a**b",
    "***a",
    "*a_",
    "_",
    "__a",
    "_a ",
    "a_b_",
    "~~a",
    "~a~",
    "*🙂",
    "。**",
    "中**。",
  ],
  ["|", "|a", "|-", "a|b\n", "|a|b|\n", "| - \n"],
  [
    "<",
    "<a",
    "<a ",
    "<a>",
    "</a>",
    "<!--",
    "<?",
    "<![CDATA[",
    "<div>\n",
    "<sub>",
    "<sub>a</sub>",
    "<br>",
    "x<br",
  ],
  ["&", "&a", "&amp", "&#1;", "&amp;", "\\", "\\*"],
  ["\\[", "\\(", "$", "$$", "$a", "$a$ ", "$$\n", "\\[\n"],
  [" ", "\t", "\n", " \n", "a\n", "\n\n", "a", "a ", "🙂", "\u200b", "\u202e"],
  ["- ", "-\n", "- a\n", "* a\n  ", "1. ", "1. a\n", "- - ", "  - a\n    "],
  [
    "> ",
    ">",
    "> a\n",
    ">\n",
    "> - ",
    "> > a\n",
    "> > > > > > a\nlazy\n",
    "- > - > - > a\nlazy\n",
    "> ```\n> a\n",
  ],
  ["#", "# ", "# a\n", "=\n", "a\n=\n", "a\n-\n", "---\n", "    a\n"],
  ["http://", "http://a", "www.", "www.a. ", "a@", "a@b", "a@b.c ", "a.", "(", "!", "! ", ":", '"'],
  [
    "Some ordinary words in a line, with a comma. ",
    "**word** and `code` ",
    "[word](https://example.com/a) and ",
  ],
  ["- **Item** with `code` and [a link](https://example.com)\n"],
].flat();

const stairs = (step: string): string =>
  Array.from({ length: 240 }, (_, level) => `${step.repeat(level)}- a`).join("\n");

export const INPUTS: readonly [name: string, text: string][] = [
  ...UNITS.map((unit): [string, string] => [JSON.stringify(unit), fill(unit)]),
  ["stars around a word", `${"*".repeat(SIZE / 2)}a${"*".repeat(SIZE / 2)}`],
  ["links in links", `${"[".repeat(7_500)}a${"](x)".repeat(5_600)}`],
  ["quotes around a word", `${">".repeat(SIZE)}x`],
  ["lists ever deeper", stairs("  ")],
  ["a wide table", `${fill("|a")}\n${fill("|-")}\n${fill("|b")}`.slice(0, SIZE * 2)],
  ["a long table", `| a | b |\n|---|---|\n${fill("| **x** | `y` |\n")}`],
  ["a code block", `\`\`\`py\n${fill("x = a[1] * b\n")}`],
];
