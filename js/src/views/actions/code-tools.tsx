import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import { type Cells, pageCells } from "../../notebook/cells";
import { text } from "../../texts/texts";
import { icon } from "../icons";

const InsertIcon = icon("M8 2v7.5M4.8 6.5 8 9.7l3.2-3.2M3 13.5h10");
const ReplaceIcon = icon("M3 5.5h9.5L10 3M13 10.5H3.5L6 13");
const WrapIcon = icon("M2.5 3.5h11M2.5 8h8.7a2.2 2.2 0 0 1 0 4.5H8.5M10 10.8l-1.7 1.7 1.7 1.7M2.5 12.5H5");
const RunIcon = icon("M5 3v10l8-5z");

/** What is called a language otherwise than the kernel calls it. */
const ALIASES: Readonly<Record<string, string>> = {
  py: "python",
  python3: "python",
  ipython: "python",
  sage: "python",
};

interface CodeToolsProps {
  code: string;
  /** As written after the fence, in lower case; empty where nothing is. */
  language: string;
  isGrowing: boolean;
  wraps: boolean;
  setWraps(on: boolean): void;
  isDrawn: boolean;
  setDrawn(on: boolean): void;
}

/** What can be done with a block of code beside copying it. */
export function CodeTools({
  code,
  language,
  isGrowing,
  wraps,
  setWraps,
  isDrawn,
  setDrawn,
}: CodeToolsProps): VNode {
  const cells = useCells(language);
  return (
    <>
      {language === "mermaid" && !isGrowing && (
        <button type="button" class="quiet" onClick={() => setDrawn(!isDrawn)}>
          {text(isDrawn ? "code.show" : "code.draw")}
        </button>
      )}
      {cells && !isGrowing && <CellButtons cells={cells} code={code} runs={language !== ""} />}
      <button
        type="button"
        class="quiet tool"
        aria-pressed={wraps}
        aria-label={text("code.wrap")}
        title={text("code.wrap")}
        onClick={() => setWraps(!wraps)}
      >
        <WrapIcon />
      </button>
    </>
  );
}

const ACTS = [
  ["insert", InsertIcon],
  ["replace", ReplaceIcon],
  ["run", RunIcon],
] as const;

/** What does not say that it is in the cells' language may be an output, or words: it goes into a cell, but is not run. */
function CellButtons({ cells, code, runs }: { cells: Cells; code: string; runs: boolean }): VNode {
  return (
    <>
      {ACTS.filter(([act]) => runs || act !== "run").map(([act, Icon]) => (
        <button
          key={act}
          type="button"
          class="quiet tool"
          data-act={act}
          aria-label={text(`code.${act}`)}
          title={text(`code.${act}`)}
          onClick={() => cells[act](code)}
        >
          <Icon />
        </button>
      ))}
    </>
  );
}

/** The page's cells, while there are some in this language, or where none is named. */
function useCells(language: string): Cells | null {
  const cells = pageCells();
  const [theirs, setTheirs] = useState(() => cells?.language() ?? null);
  useEffect(() => cells?.onChange(() => setTheirs(cells.language())), [cells]);
  const fits = theirs !== null && (!language || (ALIASES[language] ?? language) === theirs);
  return cells && fits ? cells : null;
}
