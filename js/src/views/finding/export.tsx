import { useSignal } from "@preact/signals";
import type { VNode } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { EXPORT_FORMATS } from "../../composing/commands";
import { plainName } from "../../plain";
import type { Store } from "../../store/store";
import { text } from "../../texts/texts";
import { saveFile } from "../save-file";
import { reasonOf } from "./reason";

type Format = (typeof EXPORT_FORMATS)[number];

/** Hands the conversation to the browser as a file, in a format of one's choice. */
export function Export({ store }: { store: Store }): VNode {
  const busy = useSignal<Format | null>(null);
  const said = useSignal<{ words: string; isWrong: boolean } | null>(null);
  const first = useRef<HTMLButtonElement>(null);
  useEffect(() => first.current?.focus(), []);
  const { conversation, conversationId } = store.select;
  const name = plainName(conversation.value?.title || conversationId.value);

  const take = async (format: Format): Promise<void> => {
    if (busy.value) return;
    busy.value = format;
    said.value = { words: text("files.collecting", { name }), isWrong: false };
    try {
      const file = await store.ask<{ name: string; text: string }>({ kind: "export", format });
      saveFile(file);
      said.value = { words: text("files.saved", { file: file.name }), isWrong: false };
    } catch (error) {
      said.value = { words: reasonOf(error), isWrong: true };
    } finally {
      busy.value = null;
    }
  };
  return (
    <section aria-label={text("files.exportHead")}>
      <h3>{text("files.exportHead")}</h3>
      <ul class="formats">
        {EXPORT_FORMATS.map((format, index) => (
          <li key={format}>
            <button
              ref={index === 0 ? first : null}
              data-first={index === 0 ? "" : undefined}
              type="button"
              class="go"
              aria-busy={busy.value === format}
              aria-disabled={busy.value !== null}
              onClick={() => take(format)}
            >
              <span class="name">{text(`files.${format}`)}</span>
              <span class="hint">{text(`files.${format}Hint`)}</span>
            </button>
          </li>
        ))}
      </ul>
      <p class={said.value?.isWrong ? "hint wrong" : "hint"} role="status">
        {said.value?.words}
      </p>
    </section>
  );
}
