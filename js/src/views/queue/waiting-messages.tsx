import { useSignal } from "@preact/signals";
import type { VNode } from "preact";
import type { QueuedItem } from "../../contract";
import { Typed } from "../../markdown/typed";
import type { Store } from "../../store/store";
import { dates, text } from "../../texts/texts";
import { act } from "./acting";
import { FileNames } from "./file-names";
import { wordsOf } from "./words-of";

/** Own messages that the kernel keeps until the hub is back, after the conversation as it was seen last. */
export function WaitingMessages({ store }: { store: Store }): VNode {
  const queue = store.select.queue.value;
  const isServerAway = store.chat.value?.serverAway === true;
  const shown = (queue?.items ?? []).filter(({ kind }) => kind === "message");
  return (
    <>
      {queue?.asOf && (
        <p class="as-of" role="note">
          {text(isServerAway ? "queue.serverAsOf" : "queue.asOf", { time: moment(queue.asOf) })}
        </p>
      )}
      {shown.map((item) => (
        <WaitingMessage
          key={item.id}
          store={store}
          item={item}
          waits={isServerAway ? "queue.serverWaits" : "queue.waits"}
        />
      ))}
    </>
  );
}

interface WaitingProps {
  store: Store;
  item: QueuedItem;
  waits: "queue.serverWaits" | "queue.waits";
}

function WaitingMessage({ store, item, waits }: WaitingProps): VNode {
  const { id, reason } = item;
  const problem = useSignal<string | null>(null);
  return (
    <article class="message own outgoing waiting" data-message-id={id} aria-label={text("message.you")}>
      <div class="column">
        <div class="bubble">
          <Typed text={wordsOf(item)} />
          <FileNames names={item.files} />
        </div>
        {reason === null ? (
          <p class="foot">{text(waits)}</p>
        ) : (
          <p class="foot problem" role="alert">
            <span>{text("message.notSent", { reason })}</span>
            <button type="button" class="plain" onClick={() => act(store, { id, action: "again" }, problem)}>
              {text("message.retry")}
            </button>
            <button type="button" class="plain" onClick={() => store.composing.open("queue", id)}>
              {text("queue.edit")}
            </button>
            <button type="button" class="quiet" onClick={() => act(store, { id, action: "delete" }, problem)}>
              {text("message.discard")}
            </button>
            {problem.value && <span>{problem.value}</span>}
          </p>
        )}
      </div>
    </article>
  );
}

/** The time, and the day where it is another. */
function moment(epoch: number): string {
  const at = new Date(epoch);
  const isToday = at.toDateString() === new Date().toDateString();
  return at.toLocaleString(
    dates(),
    isToday ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" },
  );
}
