import type { Ref, VNode } from "preact";
import { useContext } from "preact/hooks";
import { useChunk } from "../../lazy/lazy";
import { Growing } from "../lexing/growing";
import { seamed, withoutMarks } from "./seams";

interface FormulaProps {
  /** As it was written, marks included. */
  source: string;
  /** Whether it stands by itself. */
  isBlock: boolean;
  /** Whether its closing mark is still to come. */
  isOpen?: boolean;
}

/**
 * A formula, drawn; its source until the chunk that draws it is there (of very many, until it is near the view), and when it
 * cannot be drawn.
 */
export function Formula({ source, isBlock, isOpen = false }: FormulaProps): VNode {
  const isHalf = useContext(Growing) && isOpen;
  const { module } = useChunk("maths", !isHalf);
  const asWritten = (reason?: string, ref?: Ref<HTMLElement | null>): VNode =>
    isBlock ? (
      <pre ref={ref as Ref<HTMLPreElement>} class="formula" dir="ltr" title={reason}>
        {source}
      </pre>
    ) : (
      <code ref={ref as Ref<HTMLElement>} class="formula" dir="ltr" title={reason}>
        {seamed(source)}
      </code>
    );
  if (isHalf || !module) return asWritten();
  return <module.Drawn source={withoutMarks(source)} isBlock={isBlock} asWritten={asWritten} />;
}
