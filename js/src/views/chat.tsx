import type { TargetedKeyboardEvent, VNode } from "preact";
import { whyClosed } from "../composing/closed";
import { Lazy, useChunk } from "../lazy/lazy";
import { plainName } from "../plain";
import type { Store } from "../store/store";
import { language, text } from "../texts/texts";
import { Boundary } from "./boundary";
import { Composer } from "./composer/composer";
import { ConnectionBadge, ConnectionBanner } from "./connection/connection";
import { Transcript } from "./transcript/transcript";

/** The whole widget. */
export function Chat({ store }: { store: Store }): VNode {
  const onKeyDown = (event: TargetedKeyboardEvent<HTMLElement>): void => {
    if (event.key === "?" && !(event.target as Element).matches("input, textarea, select")) {
      event.preventDefault();
      store.composing.open("help");
    }
    const answer = store.select.stoppable.value;
    if (event.key !== "Escape" || event.isComposing || !answer || whyClosed(store)) return;
    event.preventDefault();
    store.stop(answer);
  };
  useChunk("actions", store.select.settled.value !== null);
  const { module: writing } = useChunk("writing", store.select.settled.value !== null);
  const id = store.select.conversationId.value;
  const name = plainName(store.select.conversation.value?.title || id);
  const height = store.height.value;
  return (
    <section
      class="chat"
      lang={language()}
      aria-label={name ? text("Chat “{name}”", { name }) : text("Chat")}
      style={height ? { height: `${height}px` } : undefined}
      onKeyDown={onKeyDown}
    >
      <header>
        {writing ? (
          <writing.Title store={store} name={name} />
        ) : (
          <bdi class="title" title={name}>
            {name}
          </bdi>
        )}
        <Boundary clock={store.clock}>{writing && <writing.Presence store={store} />}</Boundary>
        {writing && <writing.HeaderTools store={store} />}
        <Boundary clock={store.clock}>{writing && <writing.Queued store={store} />}</Boundary>
        <Boundary clock={store.clock}>
          <ConnectionBadge way={store} />
        </Boundary>
      </header>
      <Boundary clock={store.clock}>
        <ConnectionBanner way={store} />
      </Boundary>
      <div class="stage">
        <Boundary clock={store.clock} fallback={<Unshown />}>
          <Transcript key={id} store={store} />
        </Boundary>
        <Boundary clock={store.clock}>
          {/* The line keeps its place when it is empty, so that nothing jumps. */}
          <div class="typing" aria-live="off">
            {writing && <writing.Typing store={store} />}
          </div>
        </Boundary>
        <Boundary clock={store.clock}>
          <OpenSheet store={store} />
        </Boundary>
      </div>
      <Boundary clock={store.clock}>
        <Composer store={store} />
      </Boundary>
      <footer>
        <Boundary clock={store.clock}>{writing && <writing.Provider store={store} />}</Boundary>
      </footer>
      <Boundary clock={store.clock}>
        <Spoken store={store} />
      </Boundary>
    </section>
  );
}

function Unshown(): VNode {
  return (
    <div class="transcript">
      <p class="empty" role="alert">
        {text("The conversation could not be drawn. Nothing of it is lost; the view tries again by itself.")}
      </p>
    </div>
  );
}

/** The sheet that is open beside the conversation; what it consists of is fetched with the first. */
function OpenSheet({ store }: { store: Store }): VNode | null {
  const name = store.composing.sheet.value;
  return name && <Lazy chunk="sheets">{({ Sheet }) => <Sheet store={store} name={name} />}</Lazy>;
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
