import type { VNode } from "preact";
import { useMemo, useRef } from "preact/hooks";
import { lex } from "./lexer";
import { OpenBlocks } from "./open-blocks";
import { renderBlock } from "./render";

interface MarkdownProps {
  text: string;
  /** The text still grows at its end. */
  open?: boolean;
}

/** A text as Markdown. While it grows, only its last block is parsed and rendered again. */
export function Markdown({ text, open = false }: MarkdownProps): VNode {
  const growing = useRef<Growing | null>(null);
  if (open) growing.current ??= new Growing();
  else growing.current = null;
  const whole = useMemo(
    () => (open ? null : lex(text).map((token, index) => renderBlock(token, index))),
    [open ? null : text, open],
  );
  return <div class="markdown">{whole ?? growing.current?.nodes(text)}</div>;
}

/** The nodes of a growing text. A node that is handed out again unchanged costs Preact nothing. */
class Growing {
  #blocks = new OpenBlocks();
  #closed: (VNode | null)[] = [];
  #seen = "";

  nodes(text: string): (VNode | null)[] {
    if (!text.startsWith(this.#seen)) {
      this.#blocks = new OpenBlocks();
      this.#closed = [];
    }
    this.#seen = text;
    const open = this.#blocks.update(text);
    const closed = this.#blocks.closed;
    for (let index = this.#closed.length; index < closed.length; index += 1) {
      const token = closed[index];
      if (token) this.#closed.push(renderBlock(token, index));
    }
    const rest = open.map((token, index) => renderBlock(token, closed.length + index));
    return [...this.#closed, ...rest];
  }
}
