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

/** A formula, drawn; its source until the chunk that draws it is there, and when it cannot be drawn. */
export function Formula({ source, isBlock, isOpen = false }: FormulaProps): VNode {
  const isHalf = useContext(Growing) && isOpen;
  const { module } = useChunk("maths", !isHalf);
  const drawn = useMemo(
    () => (isHalf ? null : module?.drawn(withoutMarks(source), isBlock)),
    [module, source, isBlock, isHalf],
  );
  if (typeof drawn === "object" && drawn) return drawn;
  const reason = drawn ?? undefined;
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
