import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { ChatMessage } from "../../contract";
import type { Store } from "../../store";
import { text } from "../../texts/texts";
import { Dots } from "../dots";
import { useActions } from "../use-actions";

/** Before that, a wait needs no words. */
const LATE_S = 3;
/** The hub's clock may differ from the browser's: only a wait that can be one is taken from its time. */
const LONGEST_S = 3600;

/** In place of an answer that has no word yet: what is waited for, and for how long. */
export function FirstWord({ store, message }: { store: Store; message: ChatMessage }): VNode {
  const { clock } = store;
  const actions = useActions();
  const [since] = useState(() => begunAt(message, clock.now()));
  const [now, setNow] = useState(clock.now());
  useEffect(() => clock.after(1_000, () => setNow(clock.now())), [clock, now]);
  const waited = Math.floor((now - since) / 1000);
  return (
    <p class="waiting">
      <Dots />
      {waited >= LATE_S && actions ? (
        <span class="late"> {actions.waitingWords(store, message, waited)}</span>
      ) : (
        <span class="sr-only">{text("answer.thinking")}</span>
      )}
    </p>
  );
}

function begunAt(message: ChatMessage, now: number): number {
  const at = Date.parse(message.metadata?.timestamp ?? "");
  const waited = (now - at) / 1000;
  return waited >= 0 && waited < LONGEST_S ? at : now;
}
