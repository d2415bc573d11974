import { useSignal } from "@preact/signals";
import type { TargetedKeyboardEvent, VNode } from "preact";
import { useRef } from "preact/hooks";
import { MAX_CONTENT_BYTES } from "../contract";
import type { Store } from "../store";
import { SendIcon, StopIcon } from "./icons";
import { ModelPicker } from "./model-picker";
import { useActions } from "./use-actions";

/** Where a message is written. Enter sends, Shift+Enter breaks the line, Escape stops the answer. */
export function Composer({ store }: { store: Store }): VNode {
  const area = useRef<HTMLTextAreaElement>(null);
  const actions = useActions();
  const problem = useSignal<string | null>(null);
  const draft = store.draft.value;
  const removed = store.connection.value?.state === "removed";

  const send = (): void => {
    // The first line's indentation is part of what was written.
    const text = store.draft.value.trimEnd();
    if (!text) return;
    problem.value = tooLong(text);
    if (problem.value) return;
    store.draft.value = "";
    store.send(text);
    area.current?.focus();
  };
  const onInput = (text: string): void => {
    store.draft.value = text;
    problem.value = null;
    if (text.trim()) store.typed();
    else store.stoppedTyping();
  };
  const onKeyDown = (event: TargetedKeyboardEvent<HTMLTextAreaElement>): void => {
    // While an input method composes, Enter chooses a candidate (229: Safari ends the composition first).
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    send();
  };
  const notice = problem.value ?? store.notice.value;

  return (
    <div class="composer">
      {notice && (
        <p class="notice" role="alert">
          {notice}
        </p>
      )}
      {actions && <actions.Replying store={store} focus={() => area.current?.focus()} />}
      <div class="field">
        {/* The stylesheet gives the field the height of this text; measuring it would shrink it for a moment. */}
        <div class="grow" data-text={draft}>
          <textarea
            ref={area}
            rows={1}
            dir="auto"
            value={draft}
            placeholder="Message"
            aria-label="Message"
            disabled={removed}
            title="Enter sends, Shift+Enter breaks the line"
            onInput={(event) => onInput(event.currentTarget.value)}
            onKeyDown={onKeyDown}
            onBlur={store.stoppedTyping}
          />
        </div>
        <ModelPicker store={store} />
        {actions && <actions.PauseButton store={store} />}
        <StopButton store={store} />
        <button
          type="button"
          class="send"
          aria-label="Send"
          title="Send (Enter)"
          disabled={removed || !draft.trim()}
          onClick={send}
        >
          <SendIcon />
        </button>
      </div>
    </div>
  );
}

function StopButton({ store }: { store: Store }): VNode | null {
  const id = store.select.stoppable.value;
  if (!id) return null;
  const busy = store.stopping.value;
  return (
    <button
      type="button"
      class="stop"
      title="Stop the answer (Esc)"
      disabled={busy}
      onClick={() => store.stop(id)}
    >
      <StopIcon />
      {busy ? "Stopping…" : "Stop"}
    </button>
  );
}

function tooLong(text: string): string | null {
  const bytes = new TextEncoder().encode(text).length;
  if (bytes <= MAX_CONTENT_BYTES) return null;
  return `The message has ${bytes.toLocaleString("en")} bytes; the limit is ${MAX_CONTENT_BYTES.toLocaleString("en")}. Shorten it or send it in parts.`;
}
