import { completed } from "./completion";
import { isHalfBlock } from "./formulas";
import { type BlockToken, lex } from "./lexer";

/**
 * The blocks of a text that grows at its end. Only the last block can still change, so only it is lexed again;
 * a block that was closed keeps its token, and so its nodes. Edge cases (a reference link defined later) come right
 * when the whole text is lexed at the end.
 */
export class OpenBlocks {
  readonly #closed: BlockToken[] = [];
  #consumed = 0;
  /** Up to here the open block can only be shown as written. More of it changes nothing, until a blank line may end it. */
  #asWrittenTo = 0;

  /** Blocks that will not change any more. */
  get closed(): readonly BlockToken[] {
    return this.#closed;
  }

  /** Reads the text so far, which only ever grows. Returns the open blocks, with unfinished marks closed. */
  update(text: string): BlockToken[] {
    const source = text.includes("\r") ? text.replace(/\r\n?/g, "\n") : text;
    const rest = source.slice(this.#consumed);
    if (this.#asWrittenTo > 0 && !/\n[ \t]*\n/.test(source.slice(this.#asWrittenTo - 1))) {
      return [{ type: "asWritten", raw: rest }];
    }
    // Its source stands where it will be drawn; read as Markdown it would lose its marks for a while.
    if (isHalfBlock(rest)) return [{ type: "formulaBlock", raw: rest, text: rest, isOpen: true }];
    // Only the last line is completed, so the blocks before it are final.
    const tokens = lex(isVerbatim(rest) ? rest : completed(rest));
    const open = tokens.slice(this.#close(source, tokens));
    this.#asWrittenTo = open.some(({ type }) => type === "asWritten") ? source.length : 0;
    return open;
  }

  /** Closes all but the last block; returns how many. */
  #close(source: string, tokens: BlockToken[]): number {
    const last = tokens.findLastIndex((token) => token.type !== "space");
    let count = 0;
    for (const token of tokens.slice(0, Math.max(last, 0))) {
      // A token's raw text must equal the source, or offsets would drift: the lexer may expand tabs.
      if (!source.startsWith(token.raw, this.#consumed)) break;
      this.#closed.push(token);
      this.#consumed += token.raw.length;
      count += 1;
    }
    return count;
  }
}

/** Code and formulas stay as they are. */
function isVerbatim(source: string): boolean {
  return /^ {0,3}(?:```|~~~|\$\$|\\\[)/.test(source);
}
