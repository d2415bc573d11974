// The figures of a chat over the last minutes, measured while somebody looks. Pure.
import type { ChatMessage } from "../../contract";
import type { ChatState } from "../../kernel/messages";

/** One sample a second, for two minutes. */
export const MOST_SAMPLES = 120;
const RATE_MS = 60_000;

export const FIGURES = ["latency", "tokens", "messages", "reconnects", "queue"] as const;
export type Figure = (typeof FIGURES)[number];
export type Sample = Readonly<Record<Figure, number | null>>;

/** The samples with one more; the oldest are forgotten. */
export function withSample(samples: readonly Sample[], sample: Sample): readonly Sample[] {
  return [...samples, sample].slice(-MOST_SAMPLES);
}

/** How many tokens a second come in all answers that are being written; 0 when none is. */
export function tokenRate(streams: ChatState["streams"]): number {
  return Object.values(streams).reduce((sum, { metrics }) => sum + (metrics?.tokensPerSecond ?? 0), 0);
}

/** How many messages were written within the last minute. */
export function messageRate(messages: readonly ChatMessage[], now: number): number {
  let count = 0;
  for (let at = messages.length - 1; at >= 0; at -= 1) {
    const time = Date.parse(messages[at]?.metadata?.timestamp ?? "");
    if (Number.isNaN(time)) continue;
    if (now - time > RATE_MS) break;
    count += 1;
  }
  return count;
}
