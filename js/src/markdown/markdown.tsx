import { Fragment, type VNode } from "preact";
import { useMemo, useRef } from "preact/hooks";
import type { Footnotes } from "../chunks/footnotes";
import { useChunk } from "../lazy/lazy";
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
  const hasNotes = text.includes("[^");
  const { module } = useChunk("footnotes", hasNotes);
  const notes = hasNotes && module ? () => new module.Footnotes({ lex, draw: renderBlock }) : null;
  const growing = useRef<GrowingBlocks | null>(null);
  if (open) growing.current ??= new GrowingBlocks();
  else growing.current = null;
  const whole = useMemo(() => {
    if (open) return null;
    const tokens = lex(text);
    return grouped((notes ? notes().whole(tokens) : tokens).map(finalBlock));
  }, [open ? null : text, open, !notes]);
  return <div class="markdown">{whole ?? growing.current?.nodes(text, notes)}</div>;
}

function finalBlock(token: BlockToken, index: number): VNode | null {
  return isBlank(token) ? <AsWritten key={index} text={token.raw} /> : renderBlock(token, index);
}

/** Preact looks at every child on each frame, also at one that it skips: it gets so many at a time. */
const GROUP = 24;

function grouped(nodes: readonly (VNode | null)[], from = 0): VNode[] {
  const groups: VNode[] = [];
  for (let at = 0; at < nodes.length; at += GROUP)
    groups.push(<Fragment key={from + at}>{nodes.slice(at, at + GROUP)}</Fragment>);
  return groups;
}

/** Keeps the nodes of a growing text: Preact skips a node that it is given again unchanged. */
class GrowingBlocks {
  #blocks = new OpenBlocks();
  #closed: (VNode | null)[] = [];
  /** Groups of which every block is closed. */
  #groups: VNode[] = [];
  #read = 0;
  #seen = "";
  #notes: Footnotes | null = null;

  nodes(text: string, notes: (() => Footnotes) | null): VNode[] {
    if (!text.startsWith(this.#seen) || !notes !== !this.#notes) {
      this.#blocks = new OpenBlocks();
      this.#closed = [];
      this.#groups = [];
      this.#read = 0;
      this.#notes = notes?.() ?? null;
    }
    this.#seen = text;
    const open = this.#blocks.update(text);
    const closed = this.#blocks.closed;
    for (const token of this.#withNotes(closed.slice(this.#read)))
      this.#closed.push(finalBlock(token, this.#closed.length));
    this.#read = closed.length;
    const rest = this.#withNotes(open).map((token, index) => renderBlock(token, this.#closed.length + index));
    const from = this.#groups.length * GROUP;
    const full = this.#closed.length - (this.#closed.length % GROUP);
    this.#groups.push(...grouped(this.#closed.slice(from, full), from));
    return [...this.#groups, ...grouped([...this.#closed.slice(full), ...rest], full)];
  }

  #withNotes(tokens: readonly BlockToken[]): readonly BlockToken[] {
    return this.#notes?.more(tokens) ?? tokens;
  }
}
