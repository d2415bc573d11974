import type { VNode } from "preact";
import { whyClosed } from "../../composing/closed";
import type { ChatMessage } from "../../contract";
import type { Store } from "../../store/store";
import { text } from "../../texts/texts";
import { useCountdown } from "../use-countdown";
import { durationWords } from "../words";

/** Asks again; where the provider named a time, not before. */
export function Retry({ store, message }: { store: Store; message: ChatMessage }): VNode {
  const left = useCountdown(store.clock, retryAt(message)) ?? 0;
  return (
    <button
      type="button"
      class="plain retry"
      disabled={left > 0 || whyClosed(store) !== null || store.regenerating.value.has(message.id)}
      onClick={() => store.regenerate(message.id)}
    >
      {left > 0 ? text("message.retryIn", { time: durationWords(left) }) : text("message.retry")}
    </button>
  );
}

/** When it may be tried again, in epoch ms; null when at once. */
function retryAt({ error, metadata }: ChatMessage): number | null {
  const ended = Date.parse(String(metadata?.updatedAt ?? metadata?.timestamp ?? ""));
  const wait = error?.retryAfter;
  return typeof wait === "number" && Number.isFinite(wait) && Number.isFinite(ended)
    ? ended + wait * 1_000
    : null;
}
