// Where we parse Markdown differently from `marked`, so that no text is lost or struck through by accident.
import { Tokenizer, type Tokens } from "marked";
import { endsInLetter, untilPunctuation } from "./cjk";
import { beginsWithKnownTag } from "./html-tags";
import { safeLink } from "./links";

const BARE_ADDRESS = /^(?:https?:|ftp:|www\.|mailto:|xmpp:|[\w.+-]{1,64}@)/i;
/** The second line of a possible table. The full check would search the rest of the text. */
const DELIMITER_ROW = /^[^\n]*\n[^\n]*[|:]/;
const CELL_BORDER = /(?<!\\)(?:\\\\)*\|/;

const LIST = /^ {0,3}(?:[*+-]|\d{1,9}[.)])(?:\s|$)/;

/** The nesting limit of quotes and lists, and of emphasis and links; the hub has the same limit for metadata. */
export const MAX_DEPTH = 32;

export class MessageTokenizer extends Tokenizer {
  /** Whether a quote or a list was too deep: it holds a token of type `cut` then. */
  wasCut = false;
  #depth = 0;

  override blockquote(source: string): Tokens.Blockquote | undefined {
    if (this.#depth < MAX_DEPTH) return this.#inside(() => super.blockquote(source));
    if (!/^ {0,3}>/.test(source)) return undefined;
    return { type: "blockquote", raw: source, text: source, tokens: [this.#cut(source)] };
  }

  override list(source: string): Tokens.List | undefined {
    if (this.#depth < MAX_DEPTH) return this.#inside(() => super.list(source));
    if (!LIST.test(source)) return undefined;
    const item = { type: "list_item", raw: source, text: source, task: false, loose: false } as const;
    const items = [{ ...item, tokens: [this.#cut(source)] }];
    return { type: "list", raw: source, ordered: false, start: "", loose: false, items };
  }

  #inside<T>(read: () => T): T {
    this.#depth += 1;
    try {
      return read();
    } finally {
      this.#depth -= 1;
    }
  }

  #cut(raw: string): Tokens.Generic {
    this.wasCut = true;
    return { type: "cut", raw };
  }

  /** Two tildes strike; one means "about", "to", or a home directory. */
  override del(source: string, masked: string, before?: string): Tokens.Del | undefined {
    return source.startsWith("~~") ? super.del(source, masked, before) : undefined;
  }

  /** `[INFO]: started` is a line of a log, `[^1]: …` a footnote. A definition leads somewhere. */
  override def(source: string): Tokens.Def | undefined {
    const token = super.def(source);
    return token && !token.tag.startsWith("^") && safeLink(token.href) ? token : undefined;
  }

  override html(source: string): Tokens.HTML | undefined {
    return beginsWithKnownTag(source) ? undefined : super.html(source);
  }

  override url(source: string): Tokens.Link | undefined {
    if (!BARE_ADDRESS.test(source)) return undefined;
    const word = /^[^\s<]{0,2000}/.exec(source)?.[0] ?? "";
    return super.url(untilPunctuation(word));
  }

  override emStrong(source: string, masked: string, before?: string): Tokens.Em | Tokens.Strong | undefined {
    const free = before && source.startsWith("*") && endsInLetter(before);
    return super.emStrong(source, masked, free ? "" : before);
  }

  /** Keeps the text of cells beyond the header in the row's last cell. */
  override table(source: string): Tokens.Table | undefined {
    const token = DELIMITER_ROW.test(source) && super.table(source);
    if (!token) return undefined;
    const lines = token.raw.split("\n").slice(2);
    for (const [index, row] of token.rows.entries()) {
      const cells = (lines[index] ?? "")
        .trim()
        .replace(/^\||\|$/g, "")
        .split(CELL_BORDER);
      const rest = cells
        .slice(row.length)
        .map((cell) => cell.trim())
        .join(" | ");
      const last = row.at(-1);
      if (!rest || !last) continue;
      last.text = `${last.text} | ${rest}`;
      last.tokens = this.lexer.inline(last.text);
    }
    return token;
  }
}
