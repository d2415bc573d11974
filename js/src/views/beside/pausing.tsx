import type { VNode } from "preact";
import { useRef } from "preact/hooks";
import type { Store } from "../../store/store";
import { listed, text } from "../../texts/texts";
import { PauseIcon, PlayIcon } from "../actions/icons";
import { useKeptFocus } from "../actions/kept-focus";

/** Lets one's own view stand still while an answer is written, and go on; it and Stop go with the answer, the focus does not. */
export function PauseButton({ store }: { store: Store }): VNode {
  const place = useRef<HTMLSpanElement>(null);
  useKeptFocus(place);
  return (
    <>
      <span hidden ref={place} />
      <Pausing store={store} />
    </>
  );
}

function Pausing({ store }: { store: Store }): VNode | null {
  const paused = store.paused.value;
  if (!paused && !store.select.stoppable.value) return null;
  const label = text(paused ? "pause.resume" : "pause.pause");
  return (
    <button
      type="button"
      class="pausing"
      aria-label={label}
      title={label}
      onClick={() => (paused ? store.resume() : store.pause())}
    >
      {paused ? <PlayIcon /> : <PauseIcon />}
    </button>
  );
}

/** What waits while the view is paused. It lies over the transcript's edge and moves nothing. */
export function Paused({ store }: { store: Store }): VNode | null {
  if (!store.paused.value) return null;
  return (
    <p class="paused" role="status">
      {waitingWords(store)}
    </p>
  );
}

function waitingWords(store: Store): string {
  const { messages, words } = store.waiting.value;
  const what = [
    messages > 0 ? text("pause.messages", { count: messages }) : "",
    words > 0 ? text("pause.words", { count: words }) : "",
  ].filter(Boolean);
  return what.length > 0 ? text("pause.waits", { what: listed(what) }) : text("pause.paused");
}
