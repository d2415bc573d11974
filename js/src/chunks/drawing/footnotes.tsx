// Lazy chunk: footnotes. References become numbers; their definitions are collected at the end of the text.
import type { ComponentChildren, VNode } from "preact";
import type { BlockToken, Tokens } from "../../markdown/lexing/lexer";
import footnotesCss from "../../styles/transcript/footnotes.css?inline";
import { footnotes } from "../../texts/en/footnotes";
import { addTexts, text } from "../../texts/texts";

addTexts(footnotes);

/** The style of footnotes. */
export { footnotesCss as css };

const REFERENCE = /\[\^([^\]\s]{1,99})\]/;
const DEFINITION = /^ {0,3}\[\^([^\]\s]{1,99})\]:[ \t]*/;
const DEFINITIONS = /^(?= {0,3}\[\^[^\]\s]{1,99}\]:)/m;

/** What the main bundle lends: how text is read, and how blocks are drawn. */
export interface Tools {
  lex(text: string): BlockToken[];
  draw(token: BlockToken, key: number): ComponentChildren;
}

/** A token that draws itself; its `raw` is what it was written as. */
export interface DrawnToken {
  type: "drawn";
  raw: string;
  draw(key: number | string): VNode;
}

/** The footnotes of one text: their numbers stay while it grows. */
export class Footnotes {
  readonly #tools: Tools;
  readonly #notes = new Map<string, number>();
  #defined: ReadonlyMap<string, BlockToken[]> | null = null;

  constructor(tools: Tools) {
    this.#tools = tools;
  }

  /** Reads a whole text: definitions stand at its end; a reference without one, or one without a reference, is text. */
  whole(tokens: readonly BlockToken[]): BlockToken[] {
    const defined = new Map<string, BlockToken[]>();
    const split = tokens.flatMap((token) => this.#split(token));
    for (const { id, tokens } of split) if (id !== null && !defined.has(id)) defined.set(id, tokens);
    this.#defined = defined;
    const body = split.filter(({ id }) => id === null).flatMap(({ tokens }) => tokens);
    const read = body.map((token) => this.#read(token));
    // A note may refer to another one, which then has a number too.
    const notes: [number, BlockToken[]][] = [];
    for (const [id, number] of this.#notes)
      notes.push([number, (defined.get(id) ?? []).map((token) => this.#read(token))]);
    const unused = split.filter(
      ({ id, tokens }) => id !== null && !(this.#notes.has(id) && defined.get(id) === tokens),
    );
    const kept = unused.flatMap(({ raw }): BlockToken[] => [{ type: "asWritten", raw }]);
    if (notes.length === 0) return [...read, ...kept];
    return [...read, ...kept, this.#list(notes)];
  }

  /** Reads more of a text that grows: each definition where it stands. What is told twice has the same number. */
  more(tokens: readonly BlockToken[]): BlockToken[] {
    return tokens.flatMap((token) =>
      this.#split(token).flatMap(({ id, tokens }): BlockToken[] => {
        const read = tokens.map((each) => this.#read(each));
        return id === null ? read : [this.#list([[this.#number(id), read]])];
      }),
    );
  }

  /** A paragraph's definitions apart from its text; anything else is one piece. */
  #split(token: BlockToken): Piece[] {
    const { raw } = token;
    if (token.type !== "paragraph" || !DEFINITIONS.test(raw)) return [{ id: null, raw, tokens: [token] }];
    return raw
      .split(DEFINITIONS)
      .filter(Boolean)
      .map((piece) => {
        const [mark, id] = DEFINITION.exec(piece) ?? [];
        if (!mark || id === undefined) return { id: null, raw: piece, tokens: this.#tools.lex(piece) };
        return { id, raw: piece, tokens: this.#tools.lex(piece.slice(mark.length)) };
      });
  }

  #number(id: string): number {
    const number = this.#notes.get(id) ?? this.#notes.size + 1;
    this.#notes.set(id, number);
    return number;
  }

  /** The token with its references as numbers. */
  #read(token: BlockToken): BlockToken {
    if (!REFERENCE.test(token.raw) || token.type === "code" || token.type === "link") return token;
    const { items, header, rows, tokens } = token as Partial<Parts>;
    const cell = (each: Tokens.TableCell) => ({ ...each, tokens: this.#inside(each.tokens) });
    return {
      ...token,
      ...(items && { items: items.map((item) => this.#read(item)) }),
      ...(header && { header: header.map(cell) }),
      ...(rows && { rows: rows.map((row) => row.map(cell)) }),
      ...(tokens && { tokens: this.#inside(tokens) }),
    } as BlockToken;
  }

  #inside(tokens: readonly BlockToken[]): BlockToken[] {
    return tokens.flatMap((token): BlockToken[] => {
      const isText = token.type === "text" && !(token as Tokens.Text).tokens;
      return isText ? this.#references((token as Tokens.Text).text) : [this.#read(token)];
    });
  }

  #references(words: string): BlockToken[] {
    return words.split(new RegExp(REFERENCE, "g")).flatMap((piece, index): BlockToken[] => {
      if (index % 2 === 0) return piece ? [{ type: "text", raw: piece, text: piece } as Tokens.Text] : [];
      const raw = `[^${piece}]`;
      if (this.#defined && !this.#defined.has(piece))
        return [{ type: "text", raw, text: raw } as Tokens.Text];
      const number = this.#number(piece);
      const draw = (key: number | string) => <Reference key={key} number={number} />;
      return [{ type: "drawn", raw, draw } satisfies DrawnToken];
    });
  }

  #list(notes: [number, BlockToken[]][]): DrawnToken {
    const draw = (key: number | string): VNode => (
      <ol key={key} class="footnotes" dir="auto">
        {notes.map(([number, tokens]) => (
          <li key={number} value={number} data-note={number} tabIndex={-1}>
            {tokens.map((token, place) => this.#tools.draw(token, place))}
            <Back number={number} />
          </li>
        ))}
      </ol>
    );
    return { type: "drawn", raw: "", draw };
  }
}

/** Where a token keeps the tokens inside it. */
interface Parts {
  tokens: BlockToken[];
  items: Tokens.ListItem[];
  header: Tokens.TableCell[];
  rows: Tokens.TableCell[][];
}

interface Piece {
  /** The note that it defines. */
  id: string | null;
  raw: string;
  tokens: BlockToken[];
}

function Reference({ number }: { number: number }): VNode {
  return (
    <sup>
      <button
        type="button"
        class="footnote"
        data-reference={number}
        aria-label={text("footnote.label", { number })}
        onClick={({ currentTarget }) => go(currentTarget, `[data-note="${number}"]`)}
      >
        {number}
      </button>
    </sup>
  );
}

function Back({ number }: { number: number }): VNode {
  return (
    <button
      type="button"
      class="footnote back"
      aria-label={text("footnote.back", { number })}
      onClick={({ currentTarget }) => go(currentTarget, `[data-reference="${number}"]`)}
    >
      ↩
    </button>
  );
}

/** Within the message: an address with a `#` would be the notebook's. */
function go(from: Element, to: string): void {
  const target = from.closest(".markdown")?.querySelector<HTMLElement>(to);
  target?.scrollIntoView({ block: "nearest" });
  target?.focus({ preventScroll: true });
}
