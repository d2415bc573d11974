// Turns text into Markdown tokens with bounded cost and depth.
import {
  getDefaults,
  type Hooks,
  Lexer,
  type MarkedOptions,
  type Token,
  type TokenizerExtension,
  type Tokens,
} from "marked";
import { maskPunctuation } from "./cjk";
import { formulas } from "./formulas";
import { htmlTags } from "./html-tags";
import { MAX_DEPTH, MessageTokenizer } from "./tokenizer";

/** The most marks of one run of text that are parsed together: `marked` takes at least quadratic time for them. */
const MAX_MARKS = 300;
const LONGEST_PIECE = 1_000;
const MARKS_OF_PIECE = 60;
const MARK = /[*_~`[\]!<&$\\()@]/;
const MARKS = new RegExp(MARK, "g");

export type BlockToken = Token;
export type { Tokens };

/** The blocks of a whole text; reference links are resolved. What nests too deeply, or is nothing but marks, is a block `asWritten`. */
export function lex(text: string): BlockToken[] {
  const lexer = new BoundedLexer(new MessageTokenizer());
  try {
    const tokens = lexer.lex(text);
    return lexer.wasCut ? tokens.map((token) => (isCut(token) ? asWritten(token.raw) : token)) : tokens;
  } catch {
    // An error in the parser must not lose the message, so its plain text is shown.
    return [asWritten(text)];
  }
}

/** Line breaks are kept, because models write verses and addresses. */
const options: MarkedOptions = {
  ...getDefaults(),
  gfm: true,
  breaks: true,
  extensions: { ...extensions([...formulas, htmlTags]), renderers: {}, childTokens: {} },
  // The class itself would bring the half of `marked` along that makes HTML.
  hooks: { emStrongMask: maskPunctuation } as Hooks,
};

/** The extensions as the lexer reads them; `Marked` would bring a parser and renderers along. */
function extensions(all: readonly TokenizerExtension[]) {
  const of = (level: string) => all.filter((extension) => extension.level === level);
  const starts = (level: string) => of(level).flatMap(({ start }) => start ?? []);
  return {
    block: of("block").map(({ tokenizer }) => tokenizer),
    inline: of("inline").map(({ tokenizer }) => tokenizer),
    startBlock: starts("block"),
    startInline: starts("inline"),
  };
}

function asWritten(raw: string): Tokens.Generic {
  return { type: "asWritten", raw };
}

class BoundedLexer extends Lexer {
  readonly #tokenizer: MessageTokenizer;
  #wasCut = false;
  #depth = 0;

  constructor(tokenizer: MessageTokenizer) {
    super({ ...options, tokenizer });
    this.#tokenizer = tokenizer;
    const { inline } = tokenizer.rules;
    // A local part has 64 characters at most; without a bound each mark looks through the rest of the text for an "@".
    tokenizer.rules = { ...tokenizer.rules, inline: { ...inline, text: TEXT, url: URL_OR_EMAIL } };
  }

  /** Whether something was too deep or too knotty to be parsed: a token of type `cut` stands for it. */
  get wasCut(): boolean {
    return this.#wasCut || this.#tokenizer.wasCut;
  }

  override inlineTokens(source: string, tokens: Token[] = []): Token[] {
    if (this.#depth >= MAX_DEPTH || isNoise(source)) {
      this.#wasCut = true;
      tokens.push({ type: "cut", raw: source });
      return tokens;
    }
    this.#depth += 1;
    try {
      for (const piece of pieces(source)) tokens.push(...super.inlineTokens(piece));
      return tokens;
    } finally {
      this.#depth -= 1;
    }
  }
}

/** Whether a text is marks rather than words: it is no Markdown, and to find that out would take long. */
function isNoise(source: string): boolean {
  if (source.length <= MAX_MARKS) return false;
  const marks = source.match(MARKS)?.length ?? 0;
  return marks > MAX_MARKS && marks >= source.length / 2;
}

/** Splits a text that is mostly marks into pieces that are parsed separately; any other text is one piece. */
function pieces(source: string): string[] {
  if (source.length <= MAX_MARKS || (source.match(MARKS)?.length ?? 0) <= MAX_MARKS) return [source];
  const found: string[] = [];
  let from = 0;
  let marks = 0;
  let space = 0;
  for (let at = 0; at < source.length; at += 1) {
    const character = source.charAt(at);
    if (character === " " || character === "\n") space = at + 1;
    if (MARK.test(character)) marks += 1;
    if (marks < MARKS_OF_PIECE && at - from < LONGEST_PIECE) continue;
    const end = space > from ? space : at;
    found.push(source.slice(from, end));
    from = end;
    marks = 0;
  }
  found.push(source.slice(from));
  return found;
}

function isCut(token: Token): boolean {
  if (token.type === "cut") return true;
  if (token.type === "list") return (token as Tokens.List).items.some(isCut);
  if (token.type === "table") {
    const { header, rows } = token as Tokens.Table;
    return [header, ...rows].some((row) => row.some((cell) => cell.tokens.some(isCut)));
  }
  return "tokens" in token && Boolean(token.tokens?.some(isCut));
}

const RULES = Lexer.rules.inline.breaks;
const TEXT = bounded(RULES.text);
const URL_OR_EMAIL = bounded(RULES.url);

function bounded(rule: RegExp): RegExp {
  const source = rule.source.replaceAll("-]+@", "-]{1,64}@").replaceAll("-]+(@)", "-]{1,64}(@)");
  return new RegExp(source, rule.flags);
}
