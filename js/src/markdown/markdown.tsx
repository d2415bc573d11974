import type { VNode } from "preact";
import { useMemo, useRef } from "preact/hooks";
import { AsWritten } from "./as-written";
import { Growing } from "./growing";
import { type BlockToken, lex } from "./lexer";
import { OpenBlocks } from "./open-blocks";
import { isBlank, renderBlock } from "./render";
import { type Seam, Seams, withMarks } from "./seams";
import { TextBoundary } from "./text-boundary";

interface MarkdownProps {
  text: string;
  /** Whether the text is still growing at its end. */
  open?: boolean;
  /** Where another provider went on. */
  seams?: readonly Seam[];
}

const NO_SEAMS: readonly Seam[] = [];

/** Shows a text as Markdown, or as it was written when it cannot be drawn. */
export function Markdown({ text, open = false, seams = NO_SEAMS }: MarkdownProps): VNode {
  // A growing text that failed is not tried again on every frame.
  return (
    <TextBoundary
      retryWith={open ? null : text}
      fallback={() => (
        <div class="markdown">
          <AsWritten text={text} />
        </div>
      )}
    >
      <Seams.Provider value={seams}>
        <Growing.Provider value={open}>
          <Blocks text={text} seams={seams} open={open} />
        </Growing.Provider>
      </Seams.Provider>
    </TextBoundary>
  );
}

/** While the text grows, only its last block is parsed and rendered again. */
function Blocks({ text: words, seams, open }: Required<MarkdownProps>): VNode {
  const text = withMarks(words, seams);
  const growing = useRef<GrowingBlocks | null>(null);
  if (open) growing.current ??= new GrowingBlocks();
  else growing.current = null;
  const whole = useMemo(() => (open ? null : lex(text).map(finalBlock)), [open ? null : text, open]);
  return <div class="markdown">{whole ?? growing.current?.nodes(text)}</div>;
}

function finalBlock(token: BlockToken, index: number): VNode | null {
  return isBlank(token) ? <AsWritten key={index} text={token.raw} /> : renderBlock(token, index);
}

/** Keeps the nodes of a growing text: Preact skips a node that it is given again unchanged. */
class GrowingBlocks {
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
      if (token) this.#closed.push(finalBlock(token, index));
    }
    const rest = open.map((token, index) => renderBlock(token, closed.length + index));
    return [...this.#closed, ...rest];
  }
}
