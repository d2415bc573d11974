import { useComputed } from "@preact/signals";
import type { VNode } from "preact";
import { useState } from "preact/hooks";
import type { ChatMessage } from "../../contract";
import { isFinal, reasoningOf, streamOf, textOf } from "../../messages/parts";
import type { Store } from "../../store/store";
import { text } from "../../texts/texts";
import { durationWords } from "../words";

interface ReasoningProps {
  store: Store;
  message: ChatMessage;
}

/** What the model thought before it answered: folded, and no part of the answer. */
export function Reasoning({ store, message }: ReasoningProps): VNode | null {
  const [open, setOpen] = useState(false);
  const stream = useComputed(() => streamOf(store.chat.value?.streams, message.id));
  // Each of these changes seldom; only an unfolded text is drawn at every token.
  const begun = useComputed(() => Boolean(stream.value?.reasoning));
  const answering = useComputed(() => Boolean(stream.value?.text));
  const measured = useComputed(() => stream.value?.metrics?.reasoningTime ?? null);
  const live = useComputed(() => stream.value?.reasoning ?? "");
  const known = reasoningOf(message);
  if (!begun.value && !known) return null;
  const over = answering.value || isFinal(message) || Boolean(textOf(message));
  const label = over
    ? thoughtLabel(measured.value ?? message.metadata?.reasoningTime)
    : text("answer.thinking");
  return (
    <details class="reasoning" open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{label}</summary>
      {open && (
        <div class="thoughts" dir="auto" aria-live="off">
          {live.value || known}
        </div>
      )}
    </details>
  );
}

/** "Thought for 8 s"; without a time where none was measured. */
export function thoughtLabel(milliseconds: unknown): string {
  if (typeof milliseconds !== "number" || !Number.isFinite(milliseconds)) return text("answer.thought");
  return text("answer.thoughtFor", { time: durationWords(Math.max(1, milliseconds / 1000)) });
}
