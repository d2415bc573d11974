// Lazy chunk: colours for code. highlight.js finds the tokens (20 languages in 15 kB; a TextMate engine takes ten times as
// much); lowlight gives them as a tree, so that nothing is ever parsed as HTML.
import type { Nodes } from "hast";
import bash from "highlight.js/lib/languages/bash";
import c from "highlight.js/lib/languages/c";
import cpp from "highlight.js/lib/languages/cpp";
import csharp from "highlight.js/lib/languages/csharp";
import css from "highlight.js/lib/languages/css";
import diff from "highlight.js/lib/languages/diff";
import go from "highlight.js/lib/languages/go";
import ini from "highlight.js/lib/languages/ini";
import java from "highlight.js/lib/languages/java";
import javascript from "highlight.js/lib/languages/javascript";
import json from "highlight.js/lib/languages/json";
import julia from "highlight.js/lib/languages/julia";
import latex from "highlight.js/lib/languages/latex";
import markdown from "highlight.js/lib/languages/markdown";
import python from "highlight.js/lib/languages/python";
import pythonRepl from "highlight.js/lib/languages/python-repl";
import r from "highlight.js/lib/languages/r";
import rust from "highlight.js/lib/languages/rust";
import shell from "highlight.js/lib/languages/shell";
import sql from "highlight.js/lib/languages/sql";
import typescript from "highlight.js/lib/languages/typescript";
import xml from "highlight.js/lib/languages/xml";
import yaml from "highlight.js/lib/languages/yaml";
import { createLowlight } from "lowlight";
import type { VNode } from "preact";
import codeCss from "../../styles/transcript/code.css?inline";

/** The style of the colours. */
export { codeCss as css };

const lowlight = createLowlight({
  ...{ bash, c, cpp, csharp, css, diff, go, ini, java, javascript, json, julia, latex, markdown, python },
  ...{ "python-repl": pythonRepl, r, rust, shell, sql, typescript, xml, yaml },
});
lowlight.registerAlias({ python: ["ipython", "ipython3", "sage"], bash: ["console-session", "fish"] });

/** The longest code that is coloured, in characters: beyond it a search for tokens takes too long. */
const LONGEST = 100_000;

/** A line of code, as pieces of one colour each. */
export type ColouredLine = { text: string; kind: string }[];

/** Returns the lines of a text in colours; null for a language that is not known, and for a very long text. */
export function colour(text: string, language: string): ColouredLine[] | null {
  if (text.length > LONGEST || !lowlight.registered(language)) return null;
  const lines: ColouredLine[] = [[]];
  const add = (value: string, kind: string): void => {
    for (const [index, piece] of value.split("\n").entries()) {
      if (index > 0) lines.push([]);
      if (piece) lines.at(-1)?.push({ text: piece, kind });
    }
  };
  const walk = (node: Nodes, kind: string): void => {
    if (node.type === "text") add(node.value, kind);
    else if ("children" in node) for (const child of node.children) walk(child, kindOf(child) ?? kind);
  };
  walk(lowlight.highlight(language, text), "");
  return lines;
}

/** The same as the nodes that a block of code is made of. */
export function colouredLines(text: string, language: string): VNode[] | null {
  const lines = colour(text, language);
  return (
    lines?.map((pieces, key) => (
      <span key={key} class="line">
        {pieces.map(({ text, kind }, index) =>
          kind ? (
            <span key={index} class={kind}>
              {text}
            </span>
          ) : (
            text
          ),
        )}
        {key < lines.length - 1 && "\n"}
      </span>
    )) ?? null
  );
}

/** Only the innermost kind is kept; which kinds have a colour the style says. */
function kindOf(node: Nodes): string | null {
  const names = node.type === "element" ? node.properties.className : null;
  return Array.isArray(names) ? names.join(" ") : null;
}
