import { Fragment, type VNode } from "preact";
import { useContext, useRef, useState } from "preact/hooks";
import { Lazy } from "../../lazy/lazy";
import { text as words } from "../../texts/texts";
import { CopyButton } from "../../views/copy-button";
import { useActions } from "../../views/use-actions";
import { Growing } from "../lexing/growing";
import { useColours } from "./colours";

/** From here on lines have numbers. */
const NUMBERED_FROM = 10;

interface CodeBlockProps {
  text: string;
  /** As written after the fence. */
  language: string;
  /** Whether nothing can follow any more. In a text that grows only such code has colours: they would change with every character. */
  isWhole?: boolean;
}

/**
 * A block of code: its language, shown as written up to 24 characters, what can be done with it (a chunk), a Copy button,
 * the text. One of Mermaid is drawn when somebody asks for it.
 */
export function CodeBlock({ text, language, isWhole = false }: CodeBlockProps): VNode {
  const [wraps, setWraps] = useState(false);
  const [isDrawn, setDrawn] = useState(false);
  const isGrowing = useContext(Growing) && !isWhole;
  const label = language.split(/[\s,{]/)[0]?.slice(0, 24) ?? "";
  const name = label.toLowerCase();
  const actions = useActions();
  const coloured = useColours(text, name, !isGrowing);
  const plain = usePlainLines(text);
  const lines = coloured ?? plain;
  const kind = [lines.length >= NUMBERED_FROM && "numbered", wraps && "wraps"].filter(Boolean).join(" ");
  const code = (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
    <pre tabIndex={0} dir="ltr">
      <code class={kind || undefined}>{lines}</code>
    </pre>
  );
  const waiting = (
    <>
      <p class="unloaded" role="status">
        {words("code.drawing")}
      </p>
      {code}
    </>
  );
  return (
    <figure
      class="code"
      dir="ltr"
      aria-label={label ? words("code.labelOf", { language: label }) : words("code.label")}
    >
      <figcaption>
        <span>{label || words("code.text")}</span>
        {actions && (
          <actions.CodeTools
            {...{ code: text, language: name, isGrowing, wraps, setWraps, isDrawn, setDrawn }}
          />
        )}
        <CopyButton text={text} what="code" />
      </figcaption>
      {isDrawn ? (
        <Lazy chunk="diagram" waiting={waiting}>
          {({ Diagram }) => <Diagram source={text}>{code}</Diagram>}
        </Lazy>
      ) : (
        code
      )}
    </figure>
  );
}

/** The lines of a text that may grow. A line that has ended keeps its node: a fragment, which Preact then skips. */
function usePlainLines(text: string): VNode[] {
  const kept = useRef<{ text: string; nodes: VNode[] }>({ text: "", nodes: [] });
  const { nodes } = kept.current;
  if (!text.startsWith(kept.current.text)) {
    kept.current.text = "";
    nodes.length = 0;
  }
  const rest = text.slice(kept.current.text.length).split("\n");
  const last = rest.pop() ?? "";
  for (const line of rest) nodes.push(plainLine(`${line}\n`, nodes.length));
  kept.current.text = text.slice(0, text.length - last.length);
  return [...nodes, plainLine(last, nodes.length)];
}

function plainLine(text: string, key: number): VNode {
  return (
    <Fragment key={key}>
      <span class="line">{text}</span>
    </Fragment>
  );
}
