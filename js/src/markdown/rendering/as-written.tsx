import type { VNode } from "preact";
import { withoutMarks } from "./seams";

/** Shows a text without any formatting; the fallback when it cannot be drawn. */
export function AsWritten({ text }: { text: string }): VNode {
  return (
    <p class="raw" dir="auto">
      {withoutMarks(String(text)).trimEnd()}
    </p>
  );
}
