import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { ChatMessage } from "../../contract";
import type { Store } from "../../store";
import { text } from "../../texts/texts";
import { Dots } from "../typing";
import { durationWords } from "../words";

/** Before that, a wait needs no words. */
const LATE_S = 3;
/** An own server loads its model when it is asked: after so many seconds that is worth saying. */
const LOADING_S = 10;
/** The hub's clock may differ from the browser's: only a wait that can be one is taken from its time. */
const LONGEST_S = 3600;
const OWN_SERVER = /^(local|ollama|lm|llama|vllm|jan|localai)/i;

/** In place of an answer that has no word yet: what is waited for, and for how long. */
export function FirstWord({ store, message }: { store: Store; message: ChatMessage }): VNode {
  const { clock } = store;
  const [since] = useState(() => begunAt(message, clock.now()));
  const [now, setNow] = useState(clock.now());
  useEffect(() => clock.after(1_000, () => setNow(clock.now())), [clock, now]);
  const waited = Math.floor((now - since) / 1000);
  return (
    <p class="waiting">
      <Dots />
      {waited >= LATE_S ? (
        <span class="late"> {waitingWords(store, message, waited)}</span>
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

function waitingWords(store: Store, message: ChatMessage, waited: number): string {
  const name = message.metadata?.provider || store.select.provider.value?.provider || "";
  const status = store.select.providers.value.find((each) => each.status.provider === name)?.status;
  const time = durationWords(waited);
  if (/\bload(s|ing)\b/i.test(status?.reason ?? "")) return text("answer.loading", { time });
  if (status?.state === "rate_limited") return text("answer.limited", { provider: name, time });
  const loads = waited >= LOADING_S && OWN_SERVER.test(name);
  return text(loads ? "answer.firstTokenOwnServer" : "answer.firstToken", { time });
}
