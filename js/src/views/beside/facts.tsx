import type { VNode } from "preact";
import type { Cost, MessageMetadata } from "../../contract";
import { plainName } from "../../plain";
import { numeral, text } from "../../texts/texts";
import { modelLabel } from "../words";

/** What is known of an answer beside its speed: shown to whoever looks at it. */
export function Facts({ metadata }: { metadata: MessageMetadata }): VNode | null {
  const line = factsLine(metadata);
  return line ? <span class="facts">{line}</span> : null;
}

/** "openai · SmolLM2 · 412 tokens read · $0.0021": what is known of an answer beside its speed. */
export function factsLine({ provider, model, promptTokens, messagesRead, cost }: MessageMetadata): string {
  const parts = [plainName(provider), typeof model === "string" ? modelLabel(model) : ""];
  if (isNumber(promptTokens)) parts.push(text("metrics.promptTokens", { count: promptTokens }));
  if (isNumber(messagesRead)) parts.push(text("metrics.messagesRead", { count: messagesRead }));
  if (cost && isNumber(cost.amount)) parts.push(price(cost));
  return parts.filter(Boolean).join(" · ");
}

function price({ amount, currency }: Cost): string {
  const digits = { maximumSignificantDigits: 3 };
  try {
    return numeral(amount, { style: "currency", currency, ...digits });
  } catch {
    return `${numeral(amount, digits)} ${plainName(currency)}`; // no currency that the browser knows
  }
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}
