import { useSignal } from "@preact/signals";
import type { VNode } from "preact";
import { useId } from "preact/hooks";
import type { ContextDraft, ContextItem } from "../../context/context-draft";
import type { Described } from "../../context/described";
import { imageSource } from "../../markdown/lexing/links";
import { plainLine } from "../../plain";
import { retold, text } from "../../texts/texts";
import { maskedWords } from "./masked-words";

/** One variable that goes along: in a line; opened, the very text that the model reads, to be edited. */
export function TrayItem({ item, draft }: { item: ContextItem; draft: ContextDraft }): VNode {
  const open = useSignal(false);
  const bodyId = useId();
  const { name, described } = item;
  return (
    <div class="context-item">
      <p class="context-row">
        <button
          type="button"
          class="quiet fold"
          aria-expanded={open.value}
          aria-controls={bodyId}
          disabled={described?.problem !== ""}
          onClick={() => {
            open.value = !open.value;
          }}
        >
          <span class="turn" aria-hidden="true" />
          <code>@{plainLine(name)}</code>
          <span class="what">
            {described
              ? plainLine(described.problem || retold(described.title, [described.said]))
              : text("context.reading")}
          </span>
        </button>
        {described && <Marks described={described} />}
        <button
          type="button"
          class="quiet"
          title={text("context.again", { name })}
          aria-label={text("context.again", { name })}
          onClick={() => draft.readAgain(name)}
        >
          ↻
        </button>
        <button
          type="button"
          class="quiet"
          title={text("context.remove", { name })}
          aria-label={text("context.remove", { name })}
          onClick={() => draft.leaveOut(name)}
        >
          ✕
        </button>
      </p>
      {open.value && described && (
        <div id={bodyId} class="context-body">
          <Picture described={described} />
          {(described.text || !described.image) && (
            <textarea
              dir="auto"
              rows={Math.min(12, described.text.split("\n").length + 1)}
              value={described.text}
              aria-label={text("context.edit", { name })}
              spellcheck={false}
              onInput={(event) => draft.edit(name, event.currentTarget.value)}
              onKeyDown={(event) => event.stopPropagation()}
            />
          )}
        </div>
      )}
    </div>
  );
}

function Picture({ described }: { described: Described }): VNode | null {
  const source = described.image ? imageSource(described.image) : null;
  return source?.kind === "inline" ? <img src={source.src} alt={plainLine(described.title)} /> : null;
}

/** What was changed for the way: cut, masked. */
function Marks({ described: { cut, masked } }: { described: Described }): VNode {
  return (
    <>
      {masked.length > 0 && (
        <span class="changed" title={maskedWords(masked)}>
          {text("context.masked")}
        </span>
      )}
      {cut && (
        <span class="changed" title={plainLine(cut)}>
          {text("context.cut")}
        </span>
      )}
    </>
  );
}
