import type { VNode } from "preact";
import type { ChatMessage } from "../../contract";
import { AsWritten } from "../../markdown/rendering/as-written";
import { contextTexts } from "../../messages/parts";
import { plainLine } from "../../plain";
import { retold, text } from "../../texts/texts";
import { maskedWords } from "./masked-words";

/** What went to the model with a message: folded, each as the model read it. */
export function Attached({ message }: { message: ChatMessage }): VNode {
  const texts = contextTexts(message);
  const entries = entriesOf(message);
  return (
    <div class="went-along">
      {texts.map((words, index) => {
        const entry = entries[index] ?? {};
        const { name, title, masked, said } = entry;
        return (
          <details key={index}>
            <summary>
              <code>@{plainLine(name) || text("context.unnamed")}</code>
              <span class="what">{retold(title, [said])}</span>
              {Array.isArray(masked) && masked.length > 0 && (
                <span class="changed" title={maskedWords(masked.map(String))}>
                  {text("context.masked")}
                </span>
              )}
            </summary>
            <div class="went-along-text">
              <AsWritten text={words} />
            </div>
          </details>
        );
      })}
    </div>
  );
}

function entriesOf({ metadata }: ChatMessage): Record<string, unknown>[] {
  const entries: unknown = metadata?.context;
  return Array.isArray(entries) ? entries.map((entry) => Object(entry)) : [];
}
