// Lazy chunk: diagrams of Mermaid, in the smallest build that its makers keep (all kinds but mind maps and architecture).
// It travels as text: it runs in a sandboxed frame only, and what is shown is an image.
import library from "@mermaid-js/tiny/dist/mermaid.tiny.js?raw";
import type { ComponentChildren, VNode } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { type Drawing, draw } from "../../diagrams/draw";
import { isDark, onThemeChange } from "../../diagrams/theme";
import diagramCss from "../../styles/transcript/diagram.css?inline";
import { diagram } from "../../texts/en/diagram";
import { addTexts, text } from "../../texts/texts";

addTexts(diagram);

/** The style of diagrams. */
export { diagramCss as css };

interface DiagramProps {
  source: string;
  /** The code, which stands there until the diagram is drawn, and when it cannot be. */
  children: ComponentChildren;
}

/** A diagram as an image, in the colours of the page. */
export function Diagram({ source, children }: DiagramProps): VNode {
  const place = useRef<HTMLDivElement>(null);
  const [dark, setDark] = useState<boolean | null>(null);
  const [drawn, setDrawn] = useState<Drawing | Error | null>(null);
  useEffect(() => {
    const box = place.current as HTMLDivElement;
    const look = (): void => setDark(isDark(box));
    look();
    return onThemeChange(box.ownerDocument, look);
  }, []);
  useEffect(() => {
    if (dark === null || !place.current) return undefined;
    const left = new AbortController();
    const told = (result: Drawing | Error): void => {
      if (!left.signal.aborted) setDrawn(result);
    };
    draw(source, { library, isDark: dark, place: place.current, signal: left.signal }).then(told, told);
    return () => left.abort();
  }, [source, dark]);
  const isDrawn = drawn !== null && !(drawn instanceof Error);
  return (
    <>
      <div class="drawing" ref={place} aria-hidden="true" />
      {drawn === null && (
        <p class="unloaded" role="status">
          {text("code.drawing")}
        </p>
      )}
      {drawn instanceof Error && (
        <p class="undrawn" role="alert">
          {text("diagram.undrawn", { reason: drawn.message })}
        </p>
      )}
      {isDrawn ? (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard
        <div class="diagram" tabIndex={0}>
          <img
            src={drawn.url}
            width={Math.ceil(drawn.width)}
            height={Math.ceil(drawn.height)}
            alt={text("diagram.alt")}
            onError={() => setDrawn(new Error(text("diagram.nothing")))}
          />
        </div>
      ) : (
        children
      )}
    </>
  );
}
