import type { VNode } from "preact";
import type { ChatMessage } from "../../contract";
import { noticeOf, textOf } from "../../messages/parts";
import { segmentsLine } from "../../messages/segments";
import type { Store } from "../../store/store";
import { CopyButton } from "../copy-button";
import { useActions } from "../use-actions";
import { endingLine, metricsLine } from "../words";

/** What became of an answer, how fast it was, and what else is known of it once one looks at it. */
export function AnswerFoot({ store, message }: { store: Store; message: ChatMessage }): VNode | null {
  const actions = useActions();
  const line = metricsLine(message.metadata ?? {});
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
          {actions && <actions.Facts metadata={message.metadata ?? {}} />}
          {words && <CopyButton text={words} what="answer" />}
        </p>
      )}
    </>
  );
}

/** Why an answer ended early and what can be done now. */
function Ending({ store, message }: { store: Store; message: ChatMessage }): VNode | null {
  const ending = endingLine(message);
  const actions = useActions();
  if (!ending) return null;
  return (
    <p class={message.error ? "foot ending problem" : "foot ending"}>
      <span>{ending}</span>
      {actions && isWorthRetry(message) && <actions.Retry store={store} message={message} />}
    </p>
  );
}

/** What was refused for good is refused again. */
function isWorthRetry({ error, metadata }: ChatMessage): boolean {
  return error ? error.recoverable : metadata?.status === "interrupted" || metadata?.status === "error";
}
