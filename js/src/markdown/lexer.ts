import { Marked, type Token, type TokenizerExtension, type Tokens } from "marked";

/** Formulas stay readable as they were written; without this, Markdown eats their backslashes. */
function formula(
  name: string,
  level: "block" | "inline",
  pattern: RegExp,
  start: RegExp,
): TokenizerExtension {
  return {
    name,
    level,
    start: (source) => {
      const index = source.search(start);
      return index < 0 ? undefined : index;
    },
    tokenizer(source) {
      const found = pattern.exec(source);
      if (!found) return undefined;
      return { type: name, raw: found[0], text: found[0].trim() };
    },
  };
}

const extensions = [
  formula(
    "formulaBlock",
    "block",
    /^ {0,3}(?:\$\$[\s\S]+?\$\$|\\\[[\s\S]+?\\\]) *(?:\n|$)/,
    /(?:^|\n) {0,3}(?:\$\$|\\\[)/,
  ),
  formula("formula", "inline", /^(?:\\\([\s\S]+?\\\)|\\\[[\s\S]+?\\\]|\$\$[^$]+?\$\$)/, /\\\(|\\\[|\$\$/),
];

/** Line breaks are kept: people press Shift+Enter and mean it, models write verses and addresses. */
const marked = new Marked({ gfm: true, breaks: true }, { extensions });

export type BlockToken = Token;
export type { Tokens };

/** The blocks of a whole text; reference links are resolved. */
export function lex(text: string): BlockToken[] {
  return marked.lexer(text);
}
