import type { VNode } from "preact";
import type { ChatMessage } from "../../contract";
import { noticeOf, textOf } from "../../messages";
import { segmentsLine } from "../../segments";
import type { Store } from "../../store";
import { text } from "../../texts/texts";
import { CopyButton } from "../copy-button";
import { useCountdown } from "../use-countdown";
import { durationWords, endingLine, factsLine, metricsLine } from "../words";

/** What became of an answer, how fast it was, and what else is known of it once one looks at it. */
export function AnswerFoot({ store, message }: { store: Store; message: ChatMessage }): VNode | null {
  const line = metricsLine(message.metadata ?? {});
  const facts = factsLine(message.metadata ?? {});
  const notice = noticeOf(message);
  const words = textOf(message);
  const switched = segmentsLine(message);
  return (
    <>
      {switched && <p class="foot switched">{switched}</p>}
      {notice && <p class="foot ending">{notice}</p>}
      <Ending store={store} message={message} />
      {(line || words) && (
        <p class="foot metrics">
          {line && <span>{line}</span>}
          {facts && <span class="facts">{facts}</span>}
          {words && <CopyButton text={words} what="answer" />}
        </p>
      )}
    </>
  );
}

/** Why an answer ended early and what can be done now. */
function Ending({ store, message }: { store: Store; message: ChatMessage }): VNode | null {
  const ending = endingLine(message);
  if (!ending) return null;
  return (
    <p class={message.error ? "foot ending problem" : "foot ending"}>
      <span>{ending}</span>
      {isWorthRetry(message) && <Retry store={store} message={message} />}
    </p>
  );
}

/** Asks again; where the provider named a time, not before. */
function Retry({ store, message }: { store: Store; message: ChatMessage }): VNode {
  const left = useCountdown(store.clock, retryAt(message)) ?? 0;
  return (
    <button
      type="button"
      class="plain retry"
      disabled={left > 0 || store.regenerating.value.has(message.id)}
      onClick={() => store.regenerate(message.id)}
    >
      {left > 0 ? text("message.retryIn", { time: durationWords(left) }) : text("message.retry")}
    </button>
  );
}

/** What was refused for good is refused again. */
function isWorthRetry({ error, metadata }: ChatMessage): boolean {
  return error ? error.recoverable : metadata?.status === "interrupted" || metadata?.status === "error";
}

/** When it may be tried again, in epoch ms; null when at once. */
function retryAt({ error, metadata }: ChatMessage): number | null {
  const ended = Date.parse(String(metadata?.updatedAt ?? metadata?.timestamp ?? ""));
  const wait = error?.retryAfter;
  return typeof wait === "number" && Number.isFinite(wait) && Number.isFinite(ended)
    ? ended + wait * 1_000
    : null;
}
