import type { TargetedKeyboardEvent, VNode } from "preact";
import type { Store } from "../store";
import { Composer } from "./composer";
import { ConnectionBadge, ConnectionBanner } from "./connection";
import { Presence } from "./presence";
import { Provider } from "./provider";
import { Transcript } from "./transcript";
import { Typing } from "./typing";

/** The whole widget. */
export function Chat({ store }: { store: Store }): VNode {
  const onKeyDown = (event: TargetedKeyboardEvent<HTMLElement>): void => {
    const id = store.select.stoppable.value;
    if (event.key !== "Escape" || event.isComposing || !id) return;
    event.preventDefault();
    store.stop(id);
  };
  const name = store.select.conversationId.value;
  const height = store.height.value;
  return (
    <section
      class="chat"
      aria-label={name ? `Chat “${name}”` : "Chat"}
      style={height ? { height: `${height}px` } : undefined}
      onKeyDown={onKeyDown}
    >
      <header>
        <bdi class="title" title={name}>
          {name}
        </bdi>
        <Presence store={store} />
        <ConnectionBadge store={store} />
      </header>
      <ConnectionBanner store={store} />
      <Transcript store={store} />
      <Typing store={store} />
      <Composer store={store} />
      <footer>
        <Provider store={store} />
      </footer>
      <Spoken store={store} />
    </section>
  );
}

/** What a screen reader hears, sentence by sentence. */
function Spoken({ store }: { store: Store }): VNode {
  return (
    <div class="sr-only" aria-live="polite" aria-relevant="additions">
      {store.announcements.value.map(({ key, text }) => (
        <p key={key}>{text}</p>
      ))}
    </div>
  );
}
