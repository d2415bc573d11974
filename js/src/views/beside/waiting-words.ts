import type { ChatMessage } from "../../contract";
import type { Store } from "../../store/store";
import { text } from "../../texts/texts";
import { durationWords } from "../words";

/** An own server loads its model when it is asked: after so many seconds that is worth saying. */
const LOADING_S = 10;
const OWN_SERVER = /^(local|ollama|lm|llama|vllm|jan|localai)/i;

/** Says what an answer without a word waits for, and for how many seconds it has. */
export function waitingWords(store: Store, message: ChatMessage, waited: number): string {
  const name = message.metadata?.provider || store.select.provider.value?.provider || "";
  const status = store.select.providers.value.find((each) => each.status.provider === name)?.status;
  const time = durationWords(waited);
  if (/\bload(s|ing)\b/i.test(status?.reason ?? "")) return text("answer.loading", { time });
  if (status?.state === "rate_limited") return text("answer.limited", { provider: name, time });
  const loads = waited >= LOADING_S && OWN_SERVER.test(name);
  return text(loads ? "answer.firstTokenOwnServer" : "answer.firstToken", { time });
}
