// Lazy chunk: formulas. Temml writes MathML, which every browser draws by itself: 60 kB, where KaTeX takes 80 kB and a
// set of fonts. Its tree is copied into the page element by element; nothing is ever parsed as HTML.
import { type ComponentChildren, h, type RefObject, type VNode } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import temml from "temml";
import mathsCss from "../../styles/transcript/maths.css?inline";
import { maths } from "../../texts/en/maths";
import { addTexts, text } from "../../texts/texts";
import { atOnce, nearView } from "./formula-turns";

addTexts(maths);

/** The style of formulas. */
export { mathsCss as css };

const ELEMENTS = new Set(
  (
    "math mrow mi mn mo ms mtext mspace msup msub msubsup mfrac msqrt mroot mover munder munderover mtable mtr mtd " +
    "mstyle mpadded mphantom menclose mmultiscripts mprescripts none"
  ).split(" "),
);
const ATTRIBUTES = new Set(
  (
    "accent accentunder columnalign columnlines columnspacing columnspan depth display displaystyle fence form height " +
    "largeop linethickness lspace rspace mathbackground mathcolor mathsize mathvariant maxsize minsize movablelimits " +
    "notation rowspacing rowlines rowspan scriptlevel separator stretchy symmetric voffset width"
  ).split(" "),
);
const STYLES = new Set(
  (
    "color backgroundColor border borderTop borderBottom borderLeft borderRight borderColor padding paddingTop " +
    "paddingBottom paddingLeft paddingRight fontSize fontStyle fontWeight textAlign mathDepth mathStyle mathShift " +
    "whiteSpace width height verticalAlign"
  ).split(" "),
);
/** Lengths, colours and words; nothing that an address could be in. */
const PLAIN_VALUE = /^[\w\s.,#%+-]*$/;

/** What Temml's nodes are, as far as they are read here. */
interface Node {
  type?: string;
  text?: string;
  attributes?: Record<string, unknown>;
  classes?: string[];
  style?: Record<string, unknown>;
  children?: Node[];
}

/**
 * Returns a formula (LaTeX without the marks around it) as MathML.
 *
 * Throws when it cannot be read, and when it asks for anything that is no formula: links, images, styles.
 */
function drawFormula(source: string, isBlock: boolean): VNode {
  const tree = temml.__renderToMathMLTree(source, {
    displayMode: isBlock,
    throwOnError: true,
    trust: false,
    maxSize: [10, 40],
    maxExpand: 500,
    macros: {},
  });
  const drawn = copy(tree as Node, 0);
  if (typeof drawn !== "object") throw new Error("no formula");
  return drawn as VNode;
}

interface DrawnProps {
  /** As it was written, marks included. */
  source: string;
  isBlock: boolean;
  /** What is shown until it is drawn, and where it cannot be drawn: with the reason. */
  asWritten(reason?: string, ref?: RefObject<HTMLElement | null>): VNode;
}

/** A formula: drawn at once; where very many come together, once it is near the view. */
export function Drawn({ source, isBlock, asWritten }: DrawnProps): VNode {
  const [isNear, setNear] = useState(false);
  const place = useRef<HTMLElement | null>(null);
  const shown = useMemo(() => {
    const draw = (): VNode | string => drawn(source, isBlock);
    return isNear ? draw() : atOnce(draw);
  }, [source, isBlock, isNear]);
  const isWaiting = shown === null;
  useEffect(
    () => (isWaiting && place.current ? nearView(place.current, () => setNear(true)) : undefined),
    [isWaiting],
  );
  return typeof shown === "object" && shown ? shown : asWritten(shown ?? undefined, place);
}

/** The formula drawn in its box; or why it cannot be drawn. */
function drawn(source: string, isBlock: boolean): VNode | string {
  try {
    const formula = drawFormula(inside(source), isBlock);
    return isBlock ? (
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
      <div class="formula drawn" dir="ltr" tabIndex={0}>
        {formula}
      </div>
    ) : (
      <span class="formula drawn" dir="ltr">
        {formula}
      </span>
    );
  } catch (error) {
    return text("maths.undrawn", { reason: reasonOf(error) });
  }
}

/** What is wrong, without the copy of the formula that follows it. */
function reasonOf(error: unknown): string {
  const words = error instanceof Error ? error.message : String(error);
  return words.split(" at position ")[0]?.trim() ?? "";
}

/** The formula without the marks around it. */
function inside(source: string): string {
  const words = source.trim();
  const length = /^(?:\$\$|\\[([])/.test(words) ? 2 : 1;
  return words.slice(length, -length);
}

function copy(node: Node, key: number): ComponentChildren {
  if (typeof node.text === "string" && !node.children) return node.text;
  const children = (node.children ?? []).map(copy);
  // Without a type it is a fragment, or a span that draws a line through a term.
  if (node.type === undefined) {
    const name = className(node);
    return name ? h("span", { key, class: name }, children) : children;
  }
  if (!ELEMENTS.has(node.type)) throw new Error(`no formula: ${node.type}`);
  const attributes = plain(node.attributes, ATTRIBUTES);
  const style = plain(node.style, STYLES);
  const styled = Object.keys(style).length > 0 ? { style } : {};
  return h(node.type, { key, class: className(node), ...attributes, ...styled }, children);
}

function className({ classes }: Node): string | undefined {
  const names = (classes ?? []).filter((name) => /^[\w-]+$/.test(name));
  return names.length > 0 ? names.join(" ") : undefined;
}

function plain(
  values: Record<string, unknown> | undefined,
  known: ReadonlySet<string>,
): Record<string, string> {
  const kept = Object.entries(values ?? {})
    .map(([name, value]) => [name, String(value)] as const)
    .filter(([name, value]) => known.has(name) && PLAIN_VALUE.test(value));
  return Object.fromEntries(kept);
}
