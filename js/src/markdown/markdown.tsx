import { Fragment, type VNode } from "preact";
import { useEffect, useMemo, useRef } from "preact/hooks";
import type { Footnotes } from "../chunks/footnotes";
import { useChunk } from "../lazy/lazy";
import { AsWritten } from "./as-written";
import { Growing } from "./growing";
import { whenIdle } from "./idle";
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

/** While the text grows, only its last block is parsed and rendered again; what it became stays when it has ended. */
function Blocks({ text: words, seams, open }: Required<MarkdownProps>): VNode {
  const text = withMarks(words, seams);
  const hasNotes = text.includes("[^");
  const { module } = useChunk("footnotes", hasNotes);
  const notes = hasNotes && module ? () => new module.Footnotes({ lex, draw: renderBlock }) : null;
  const growing = useRef<GrowingBlocks | null>(null);
  if (open) growing.current ??= new GrowingBlocks();
  const whole = useMemo(() => {
    if (open) return null;
    const tokens = lex(text);
    return parts(notes ? notes().whole(tokens).map(finalBlock) : ended(growing.current, tokens));
  }, [open ? null : text, open, !notes]);
  const root = useRef<HTMLDivElement>(null);
  useEffect(() => (open || !growing.current ? undefined : layOutWhenIdle(root.current)), [open]);
  return (
    <div ref={root} class={growing.current ? "markdown grown" : "markdown"}>
      {whole ?? growing.current?.nodes(text, notes)}
    </div>
  );
}

/** Lays out what the browser has left out, a piece at a time: in a view of another width its size would be wrong. */
function layOutWhenIdle(root: HTMLElement | null): () => void {
  const left = [...(root?.children ?? [])] as HTMLElement[];
  let forget = (): void => {};
  const next = (): void => {
    const piece = left.pop();
    if (!piece) return;
    piece.style.contentVisibility = "visible";
    forget = whenIdle(next);
  };
  next();
  return () => forget();
}

function finalBlock(token: BlockToken, index: number): VNode | null {
  return isBlank(token) ? <AsWritten key={index} text={token.raw} /> : renderBlock(token, index);
}

/** The nodes of a whole text, those it had while it grew where nothing can have changed them. */
function ended(growing: GrowingBlocks | null, tokens: readonly BlockToken[]): (VNode | null)[] {
  // A definition decides what is a link in any block.
  const kept = tokens.some(({ type }) => type === "def") ? null : growing;
  return tokens.map((token, index) => kept?.closedNode(token, index) ?? finalBlock(token, index));
}

/** So many blocks are one part of a long text: Preact skips it, and the browser leaves it out while it is not in view. */
const PART = 16;

/** The first blocks stand by themselves, the others in parts; `from` is the place of the first. */
function parts(nodes: readonly (VNode | null)[], from = 0): VNode[] {
  const found: VNode[] = [];
  for (let at = 0; at < nodes.length; at += PART) {
    const some = nodes.slice(at, at + PART);
    found.push(
      from + at > 0 ? (
        <div key={from + at} class="part">
          {some}
        </div>
      ) : (
        <Fragment key={0}>{some}</Fragment>
      ),
    );
  }
  return found;
}

/** Keeps the nodes of a growing text: Preact skips a node that it is given again unchanged. */
class GrowingBlocks {
  #blocks = new OpenBlocks();
  #closed: (VNode | null)[] = [];
  /** Parts of which every block is closed. */
  #parts: VNode[] = [];
  #read = 0;
  #seen = "";
  #notes: Footnotes | null = null;

  nodes(text: string, notes: (() => Footnotes) | null): VNode[] {
    if (!text.startsWith(this.#seen) || !notes !== !this.#notes) {
      this.#blocks = new OpenBlocks();
      this.#closed = [];
      this.#parts = [];
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
    const from = this.#parts.length * PART;
    const full = this.#closed.length - (this.#closed.length % PART);
    this.#parts.push(...parts(this.#closed.slice(from, full), from));
    return [...this.#parts, ...parts([...this.#closed.slice(full), ...rest], full)];
  }

  /** The node of a closed block, if that was written as `token` is. */
  closedNode(token: BlockToken, index: number): VNode | null {
    const isSame = !this.#notes && this.#blocks.closed[index]?.raw === token.raw;
    return isSame ? (this.#closed[index] ?? null) : null;
  }

  #withNotes(tokens: readonly BlockToken[]): readonly BlockToken[] {
    return this.#notes?.more(tokens) ?? tokens;
  }
}
