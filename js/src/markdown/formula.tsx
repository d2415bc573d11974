import type { VNode } from "preact";
import { useContext, useMemo } from "preact/hooks";
import { useChunk } from "../lazy/lazy";
import { Growing } from "./growing";
import { seamed, withoutMarks } from "./seams";

interface FormulaProps {
  /** As it was written, marks included. */
  source: string;
  /** Whether it stands by itself. */
  isBlock: boolean;
  /** Whether its closing mark is still to come. */
  isOpen?: boolean;
}

type Drawn = { formula: VNode } | { reason: string };

/** A formula, drawn; its source until the chunk that draws it is there, and when it cannot be drawn. */
export function Formula({ source, isBlock, isOpen = false }: FormulaProps): VNode {
  const isHalf = useContext(Growing) && isOpen;
  const { module } = useChunk("maths", !isHalf);
  const drawn = useMemo<Drawn | null>(() => {
    if (isHalf || !module) return null;
    try {
      return { formula: module.drawFormula(withoutMarks(inside(source)), isBlock) };
    } catch (error) {
      return { reason: reasonOf(error) };
    }
  }, [module, source, isBlock, isHalf]);
  if (drawn && "formula" in drawn) {
    return isBlock ? (
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
      <div class="formula drawn" dir="ltr" tabIndex={0}>
        {drawn.formula}
      </div>
    ) : (
      <span class="formula drawn" dir="ltr">
        {drawn.formula}
      </span>
    );
  }
  const reason = drawn ? `This formula cannot be drawn: ${drawn.reason}` : undefined;
  return isBlock ? (
    <pre class="formula" dir="ltr" title={reason}>
      {source}
    </pre>
  ) : (
    <code class="formula" dir="ltr" title={reason}>
      {seamed(source)}
    </code>
  );
}

/** What is wrong, without the copy of the formula that follows it. */
function reasonOf(error: unknown): string {
  const words = error instanceof Error ? error.message : String(error);
  return words.split(" at position ")[0]?.trim() ?? "";
}

/** The formula without the marks around it. */
function inside(source: string): string {
  const text = source.trim();
  const length = /^(?:\$\$|\\[([])/.test(text) ? 2 : 1;
  return text.slice(length, -length);
}
