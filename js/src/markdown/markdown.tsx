import { Fragment, type VNode } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Footnotes } from "../chunks/drawing/footnotes";
import { whenIdle } from "../drawing/idle";
import { useChunk } from "../lazy/lazy";
import { Growing } from "./lexing/growing";
import { type BlockToken, lex } from "./lexing/lexer";
import { OpenBlocks } from "./lexing/open-blocks";
import { AsWritten } from "./rendering/as-written";
import { isBlank, renderBlock } from "./rendering/render";
import { type Seam, Seams, withMarks } from "./rendering/seams";
import { TextBoundary } from "./rendering/text-boundary";

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
        <Blocks text={text} seams={seams} open={open} />
      </Seams.Provider>
    </TextBoundary>
  );
}

/**
 * While the text grows, only its last block is parsed and rendered again. When it has ended it stays as it is until there
 * is time to read it as a whole: many may end at once.
 */
function Blocks({ text: words, seams, open }: Required<MarkdownProps>): VNode {
  const text = withMarks(words, seams);
  const hasNotes = text.includes("[^");
  const { module } = useChunk("footnotes", hasNotes);
  const notes = hasNotes && module ? () => new module.Footnotes({ lex, draw: renderBlock }) : null;
  const growing = useRef<GrowingBlocks | null>(null);
  if (open) growing.current ??= new GrowingBlocks();
  const [isDue, setDue] = useState(false);
  useEffect(() => {
    if (!growing.current) return undefined;
    if (!open) return whenIdle(() => setDue(true));
    setDue(false);
    return undefined;
  }, [open]);
  const isWhole = !open && (isDue || !growing.current);
  const whole = useMemo(() => {
    if (!isWhole) return null;
    const tokens = lex(text);
    return parts(notes ? notes().whole(tokens).map(finalBlock) : ended(growing.current, tokens));
  }, [isWhole && text, !notes]);
  const root = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!isWhole || !growing.current) return undefined;
    growing.current = new GrowingBlocks(); // what is drawn stays; what it was drawn from is in the text
    return layOutWhenIdle(root.current);
  }, [isWhole]);
  return (
    <Growing.Provider value={!isWhole}>
      <div ref={root} class={growing.current ? "markdown grown" : "markdown"}>
        {whole ?? growing.current?.nodes(text, notes)}
      </div>
    </Growing.Provider>
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
  return inFragment(isBlank(token) ? <AsWritten key={index} text={token.raw} /> : renderBlock(token, index));
}

/** Preact skips the node of a component that it is given again; of an element it would compare all that is inside. */
function inFragment(node: VNode | null): VNode | null {
  return node && <Fragment key={node.key}>{node}</Fragment>;
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
    const key = from + at;
    found.push(<Fragment key={key}>{key > 0 ? <div class="part">{some}</div> : some}</Fragment>);
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
    const rest = this.#withNotes(open).map((token, index) =>
      inFragment(renderBlock(token, this.#closed.length + index)),
    );
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
