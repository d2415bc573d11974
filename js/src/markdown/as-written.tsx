import type { VNode } from "preact";

/** Shows a text without any formatting; the fallback when it cannot be drawn. */
export function AsWritten({ text }: { text: string }): VNode {
  return (
    <p class="raw" dir="auto">
      {String(text).trimEnd()}
    </p>
  );
}
