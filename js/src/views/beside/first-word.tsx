import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { ChatMessage } from "../../contract";
import { isLost } from "../../kernel/link";
import type { Store } from "../../store/store";
import { text } from "../../texts/texts";
import { Dots } from "../dots";
import { waitingWords } from "./waiting-words";

/** Before that, a wait needs no words. */
const LATE_S = 3;
/** The hub's clock may differ from the browser's: only a wait that can be one is taken from its time. */
const LONGEST_S = 3600;

/** In place of an answer that has no word yet: what is waited for, and for how long. */
export function FirstWord({ store, message }: { store: Store; message: ChatMessage }): VNode {
  const { clock } = store;
  const [since] = useState(() => begunAt(message, clock.now()));
  const [now, setNow] = useState(clock.now());
  useEffect(() => clock.after(1_000, () => setNow(clock.now())), [clock, now]);
  // Without a kernel nothing comes here any more; the answer itself is the hub's.
  if (isLost(store.kernel.value)) return <>{text("answer.unheard")}</>;
  const waited = Math.floor((now - since) / 1000);
  return (
    <>
      <Dots />
      {waited >= LATE_S ? (
        <span class="late"> {waitingWords(store, message, waited)}</span>
      ) : (
        <span class="sr-only">{text("answer.thinking")}</span>
      )}
    </>
  );
}

function begunAt(message: ChatMessage, now: number): number {
  const at = Date.parse(message.metadata?.timestamp ?? "");
  const waited = (now - at) / 1000;
  return waited >= 0 && waited < LONGEST_S ? at : now;
}
