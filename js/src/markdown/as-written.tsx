import type { VNode } from "preact";

/** A text without any form: what is left when it cannot be drawn. */
export function AsWritten({ text }: { text: string }): VNode {
  return (
    <p class="raw" dir="auto">
      {String(text).trimEnd()}
    </p>
  );
}
