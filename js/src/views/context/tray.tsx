import { useComputed } from "@preact/signals";
import type { VNode } from "preact";
import { estimateTokens, shortCount } from "../../composing/token-estimate";
import { contextDraft } from "../../context/context-draft";
import { bytesOf, CONTEXT_BYTES, MOST_ITEMS } from "../../context/described";
import { hasVariables } from "../../context/has-variables";
import { plainLine } from "../../plain";
import type { Store } from "../../store/store";
import { listed, numeral, text } from "../../texts/texts";
import { TrayItem } from "./tray-item";

/** What goes along with the draft, before it goes: a folded row for each variable, and how much it is together. */
export function Tray({ store }: { store: Store }): VNode | null {
  const draft = contextDraft(store);
  const items = draft.items.value.filter(({ left }) => !left);
  const refusal = draft.refusal.value;
  const over = draft.over.value;
  const sum = useComputed(() => {
    const going = draft.items.value.flatMap(({ described, left }) => (described && !left ? [described] : []));
    return {
      bytes: going.reduce((bytes, described) => bytes + bytesOf(described), 0),
      tokens: going.reduce((tokens, described) => tokens + estimateTokens(described.text), 0),
    };
  }).value;
  const unknown = draft.unknown.value;
  if (items.length === 0 && unknown.length === 0) return refusal ? <Note>{refusal}</Note> : null;
  return (
    <>
      {unknown.length > 0 && (
        <Note>
          {text(hasVariables(store) ? "context.unknown" : "context.noKernel", { names: namesOf(unknown) })}
        </Note>
      )}
      {items.length > 0 && (
        <section class="context" aria-label={text("context.label")}>
          <p class="context-head">
            <span>{text("context.label")}</span>
            <span class="figures">
              {text("context.total", {
                used: numeral(sum.bytes / 1000, { maximumFractionDigits: 1 }),
                most: numeral(CONTEXT_BYTES / 1000, { maximumFractionDigits: 0 }),
                tokens: shortCount(sum.tokens),
              })}
            </span>
          </p>
          {items.map((item) => (
            <TrayItem key={item.name} item={item} draft={draft} />
          ))}
          {over.length > 0 && <Note>{text("context.over", { most: MOST_ITEMS, names: namesOf(over) })}</Note>}
        </section>
      )}
    </>
  );
}

function Note({ children }: { children: string }): VNode {
  return (
    <p class="context-note" role="status">
      {children}
    </p>
  );
}

function namesOf(names: readonly string[]): string {
  return listed(names.map((name) => `@${plainLine(name)}`));
}
