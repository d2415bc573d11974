import type { VNode } from "preact";
import type { ChatMessage } from "../../contract";
import type { Store } from "../../store/store";
import { text } from "../../texts/texts";
import { useActions } from "../use-actions";
import { fullTime, timeLabel } from "../words";

interface BylineProps {
  store: Store;
  message: ChatMessage;
  name: string | null;
  /** Whether it goes on what the same person wrote just before: then only what is special is said. */
  follows: boolean;
}

/** Who wrote a message and when, that it was edited, and what else stands in its place. */
export function Byline({ store, message, name, follows }: BylineProps): VNode | null {
  const actions = useActions();
  const { timestamp } = message.metadata ?? {};
  const time = follows ? "" : timeLabel(timestamp);
  const shown = follows ? null : name;
  const edited = editedTime(message);
  const hasBranches = store.branches.value.siblings.has(message.id);
  if (!shown && !time && edited === null && !hasBranches) return null;
  return (
    <div class="byline">
      {shown && <bdi class="name">{shown}</bdi>}
      {time && (
        <time dateTime={timestamp} title={fullTime(timestamp)}>
          {time}
        </time>
      )}
      {edited !== null && (
        <span class="edited" title={edited && text("message.editedAt", { time: edited })}>
          {text("message.edited")}
        </span>
      )}
      {hasBranches && actions && <actions.BranchSwitch store={store} id={message.id} />}
    </div>
  );
}

/** When a message was edited, in full; empty when that is unknown, null when it was not. */
function editedTime({ metadata }: ChatMessage): string | null {
  if (metadata?.editedAt) return fullTime(String(metadata.editedAt));
  return metadata?.editOf ? fullTime(metadata.timestamp) : null;
}
