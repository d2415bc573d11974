import { useSignal } from "@preact/signals";
import type { TargetedKeyboardEvent, VNode } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { unsavedEditsOf } from "../../composing/unsaved-edits";
import type { ChatMessage } from "../../contract";
import { isDeleted, textOf } from "../../messages/parts";
import { plainLine } from "../../plain";
import type { Store } from "../../store/store";
import { text } from "../../texts/texts";

/** An own message that gets another text, in its place. */
export function EditForm({ store, message }: { store: Store; message: ChatMessage }): VNode {
  const area = useRef<HTMLTextAreaElement>(null);
  const kept = unsavedEditsOf(store);
  const words = useSignal(kept.get(message.id) ?? textOf(message));
  const problem = useSignal<string | null>(null);
  const busy = useSignal(false);
  const answered = store.select.messages.value.some(
    ({ role, parentId }) => role === "assistant" && parentId === message.id,
  );

  useEffect(() => {
    const field = area.current;
    field?.focus();
    field?.setSelectionRange(field.value.length, field.value.length);
    return () => {
      const typed = kept.get(message.id);
      const now = store.select.messages.peek().find(({ id }) => id === message.id);
      if (typed === undefined || !now || !isDeleted(now)) return;
      // Somebody has deleted the message meanwhile: what was typed goes on in the composer.
      kept.delete(message.id);
      store.editing.value = null;
      store.draft.value = [store.draft.peek(), typed].filter(Boolean).join("\n\n");
    };
  }, []);

  const close = (): void => {
    const article = area.current?.closest("article");
    kept.delete(message.id);
    store.editing.value = null;
    article?.focus();
  };
  const save = async (): Promise<void> => {
    const next = words.value.trimEnd();
    if (!next || busy.value) return;
    if (next === textOf(message)) {
      close();
      return;
    }
    busy.value = true;
    const refusal = await store.edit(message.id, next);
    busy.value = false;
    if (refusal === null) kept.delete(message.id);
    problem.value = refusal === null ? null : plainLine(refusal);
  };
  const onKeyDown = (event: TargetedKeyboardEvent<HTMLTextAreaElement>): void => {
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      close();
    } else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      void save();
    }
  };

  return (
    <div class="editing">
      <div class="grow" data-text={words.value}>
        <textarea
          ref={area}
          rows={1}
          dir="auto"
          value={words.value}
          aria-label={text("edit.label")}
          title={text("edit.hint")}
          // What is typed while the text is on its way would go with the form.
          readOnly={busy.value}
          onInput={(event) => {
            words.value = event.currentTarget.value;
            kept.set(message.id, words.value);
            problem.value = null;
          }}
          onKeyDown={onKeyDown}
        />
      </div>
      {problem.value && (
        <p class="foot problem" role="alert">
          {problem.value}
        </p>
      )}
      <p class="foot">
        <button type="button" class="plain" disabled={busy.value || !words.value.trim()} onClick={save}>
          {text(answered ? "edit.saveAsk" : "edit.save")}
        </button>
        <button type="button" class="quiet" onClick={close}>
          {text("edit.cancel")}
        </button>
      </p>
    </div>
  );
}
