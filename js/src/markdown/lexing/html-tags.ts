// The few HTML tags that are drawn. Any other tag is shown as it was written.
import type { TokenizerExtension } from "marked";

const LINE_BREAK = /^<br *\/?>\n?/i;
const PAIR = /^<(sub|sup|kbd)>([^<]{1,200})<\/\1>/i;
const KNOWN = /^ {0,3}<\/?(?:br|sub|sup|kbd)\b/i;

/** Whether a block of HTML begins with one of these tags and is therefore a paragraph. */
export function beginsWithKnownTag(source: string): boolean {
  return KNOWN.test(source);
}

export const htmlTags: TokenizerExtension = {
  name: "htmlTag",
  level: "inline",
  tokenizer(source) {
    if (!source.startsWith("<")) return undefined;
    const lineBreak = LINE_BREAK.exec(source);
    if (lineBreak) return { type: "br", raw: lineBreak[0] };
    const [raw, tag, text] = PAIR.exec(source) ?? [];
    if (!raw || !tag || !text) return undefined;
    return { type: "htmlTag", raw, tag: tag.toLowerCase(), tokens: this.lexer.inlineTokens(text) };
  },
};
