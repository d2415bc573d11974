import { useSignal } from "@preact/signals";
import type { TargetedKeyboardEvent, VNode } from "preact";
import { useId, useRef } from "preact/hooks";
import { whyClosed } from "../../composing/closed";
import { isSend } from "../../composing/send-key";
import { MAX_CONTENT_BYTES } from "../../contract";
import type { Store } from "../../store/store";
import { text } from "../../texts/texts";
import { SendIcon, StopIcon } from "../icons";
import { useActions } from "../use-actions";
import { type FieldKeys, useWriting } from "./use-writing";

/** Where a message is written, with what goes with it. */
export function Composer({ store }: { store: Store }): VNode {
  const area = useRef<HTMLTextAreaElement>(null);
  const keys = useRef<FieldKeys>(null);
  const listId = useId();
  const problem = useSignal<string | null>(null);
  const caret = useSignal(0);
  const { writing, loaded } = useWriting(store);
  const actions = useActions();
  const draft = store.draft.value;
  const why = whyClosed(store);
  const closed = why !== null;
  const sendKey = store.composing.sendKey.value;

  /** Sends a text; returns what is wrong with it, in words. */
  const post = (content: string): string | null => {
    const wrong = tooLong(content);
    if (wrong) return wrong;
    const plainly = (): null => {
      store.send(content, store.composing.takeOptions());
      return null;
    };
    if (!content.includes("@")) return plainly();
    // Where the part does not come, who is named is not told, and what was written is sent all the same.
    void act(
      content,
      loaded().then(({ sendNamed }) => sendNamed(store, content), plainly),
      true,
    );
    return null;
  };
  /**
   * Waits for what a line does; what could not be done can be put right. Where something else is being written by now, a
   * message `stays` above it, and a command does not come back.
   */
  const act = async (line: string, done: Promise<string | null>, stays = false): Promise<void> => {
    store.draft.value = "";
    const found = await done;
    const next = store.draft.value;
    if (found && (stays || !next)) store.draft.value = next ? `${line}\n\n${next}` : line;
    problem.value = found;
  };
  const ready = (line: string): unknown => store.composing.carried.value ?? line.trim();
  const submit = (): void => {
    const line = store.draft.value;
    if (!ready(line)) return;
    if (line.startsWith("/") && !line.startsWith("//")) {
      void act(
        line,
        loaded().then(
          ({ runLine }) => runLine(store, line, post),
          (error: Error) => error.message,
        ),
      );
      return;
    }
    // The first line's indentation is part of what was written.
    problem.value = post((line.startsWith("//") ? line.slice(1) : line).trimEnd());
    if (problem.value) return;
    store.draft.value = "";
    area.current?.focus();
  };
  const onInput = (element: HTMLTextAreaElement): void => {
    store.draft.value = element.value;
    caret.value = element.selectionStart;
    problem.value = null;
    if (element.value.trim()) store.typed();
    else store.stoppedTyping();
  };
  const onKeyDown = (event: TargetedKeyboardEvent<HTMLTextAreaElement>): void => {
    if (keys.current?.(event)) return;
    if (event.key === "ArrowUp" && !store.draft.value && !hasModifier(event) && store.editLast()) {
      event.preventDefault();
    } else if (isSend(event, sendKey)) {
      event.preventDefault();
      submit();
    }
  };
  const follow = (event: Event): void => {
    caret.value = (event.currentTarget as HTMLTextAreaElement).selectionStart;
  };
  const notice = problem.value ?? store.notice.value;

  return (
    <div class="composer">
      {writing && <writing.Starters store={store} />}
      {notice && (
        <p class="notice" role="alert">
          {notice}
        </p>
      )}
      {writing && <writing.BesideDraft store={store} />}
      <div class="field">
        {actions && <actions.Replying store={store} focus={() => area.current?.focus()} />}
        {/* The stylesheet gives the field the height of this text; measuring it would shrink it for a moment. */}
        <div class="grow" data-text={draft}>
          <textarea
            ref={area}
            rows={1}
            dir="auto"
            value={draft}
            placeholder={why ?? text("composer.placeholder")}
            aria-label={text("composer.label")}
            aria-autocomplete="list"
            disabled={closed}
            title={writing?.fieldHint(sendKey)}
            onInput={(event) => onInput(event.currentTarget)}
            onKeyDown={onKeyDown}
            onKeyUp={follow}
            onClick={follow}
            onBlur={store.stoppedTyping}
          />
        </div>
        <div class="tools">
          {writing && <writing.Tools store={store} />}
          <span class="space" />
          {actions && <actions.PauseButton store={store} />}
          <StopButton store={store} />
          <button
            type="button"
            class="send"
            aria-label={text("composer.send")}
            title={why ?? writing?.sendHint(sendKey)}
            disabled={closed || !ready(draft)}
            onClick={submit}
          >
            <SendIcon />
          </button>
        </div>
      </div>
      {writing && (
        <writing.Suggestions
          store={store}
          area={area}
          caret={caret}
          keys={keys}
          id={listId}
          submit={submit}
        />
      )}
    </div>
  );
}

function StopButton({ store }: { store: Store }): VNode | null {
  const id = store.select.stoppable.value;
  if (!id || whyClosed(store)) return null;
  const busy = store.stopping.value;
  return (
    <button
      type="button"
      class="stop"
      title={text("composer.stopHint")}
      disabled={busy}
      onClick={() => store.stop(id)}
    >
      <StopIcon />
      {busy ? text("composer.stopping") : text("composer.stop")}
    </button>
  );
}

function hasModifier(event: KeyboardEvent): boolean {
  return event.shiftKey || event.altKey || event.ctrlKey || event.metaKey || event.isComposing;
}

function tooLong(content: string): string | null {
  const bytes = new TextEncoder().encode(content).length;
  return bytes <= MAX_CONTENT_BYTES ? null : text("composer.tooLong", { bytes, most: MAX_CONTENT_BYTES });
}
