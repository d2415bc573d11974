import type { VNode } from "preact";
import type { Store } from "../../store";
import { listed, text } from "../../texts/texts";
import { PauseIcon, PlayIcon } from "./icons";

/** Lets one's own view stand still while an answer is written, and go on. */
export function PauseButton({ store }: { store: Store }): VNode | null {
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
