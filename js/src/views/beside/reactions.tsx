import type { VNode } from "preact";
import { whyClosed } from "../../composing/closed";
import type { ChatMessage } from "../../contract";
import { reactionsOf } from "../../messages/parts";
import type { Store } from "../../store/store";
import { listed, text } from "../../texts/texts";
import { personName } from "../message/person-name";
import { Marks } from "./marks";

/** How many names a tooltip has. */
const MOST_NAMES = 12;

/** What people added to a message: its marks and the reactions; pressed, one's own is given or taken back. */
export function Reactions({ store, message }: { store: Store; message: ChatMessage }): VNode {
  return (
    <>
      <Marks store={store} message={message} />
      <Given store={store} message={message} />
    </>
  );
}

function Given({ store, message }: { store: Store; message: ChatMessage }): VNode | null {
  const reactions = reactionsOf(message);
  const self = store.select.selfId.value;
  if (reactions.length === 0) return null;
  return (
    <p class="reactions">
      {reactions.map(([emoji, userIds]) => {
        const own = userIds.includes(self);
        const words = text(own ? "reaction.yours" : "reaction.given", {
          names: names(store, userIds),
          emoji,
        });
        return (
          <button
            key={emoji}
            type="button"
            class="plain reaction"
            aria-pressed={own}
            disabled={whyClosed(store) !== null}
            aria-label={words}
            title={words}
            onClick={() => store.react(message.id, emoji, !own)}
          >
            <span aria-hidden="true">{emoji}</span>
            <span aria-hidden="true">{userIds.length}</span>
          </button>
        );
      })}
    </p>
  );
}

function names(store: Store, userIds: readonly string[]): string {
  const shown = userIds.slice(0, MOST_NAMES).map((id) => personName(store, id));
  const more = userIds.length - shown.length;
  return listed(more > 0 ? [...shown, text("names.others", { count: more })] : shown);
}
