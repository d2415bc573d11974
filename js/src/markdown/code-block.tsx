import type { VNode } from "preact";
import { CopyButton } from "../views/copy-button";

/** A fenced block: its language, a Copy button, the text. The language is shown as written, up to 24 characters. */
export function CodeBlock({ text, language }: { text: string; language: string }): VNode {
  const label = language.split(/[\s,{]/)[0]?.slice(0, 24) ?? "";
  return (
    <figure class="code" dir="ltr" aria-label={label ? `Code, ${label}` : "Code"}>
      <figcaption>
        <span>{label || "text"}</span>
        <CopyButton text={text} what="code" />
      </figcaption>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard */}
      <pre tabIndex={0} dir="ltr">
        <code>{text}</code>
      </pre>
    </figure>
  );
}
