// Every sentence and number a person reads that is not Markdown, in one place.
import type { ChatMessage, ErrorType, Participant, ProviderState, StreamMetrics } from "../contract";
import { plainLine, plainName } from "../plain";

export const PROVIDER_WORDS: Record<ProviderState, string> = {
  healthy: "ready",
  degraded: "slow or failing",
  rate_limited: "rate limited",
  down: "not reachable",
  unknown: "not checked yet",
  disabled: "off",
};

const ERROR_WORDS: Record<ErrorType, string> = {
  rate_limit: "The provider's rate limit is reached.",
  model_not_found: "The provider does not know this model.",
  auth_error: "The provider refused the key.",
  network_error: "The provider could not be reached.",
  server_error: "The provider failed.",
};

const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]|[\ud802\ud803\ud83a\ud83b]/;

/** A name inside a line of other words: a right-to-left one keeps to itself (first strong isolate). */
export function shownName(name: string): string {
  const plain = plainName(name);
  return RIGHT_TO_LEFT.test(plain) ? `\u2068${plain}\u2069` : plain;
}

/** "Ada", "Ada and Bo", "Ada, Bo and Cy", "Ada, Bo and 3 others". */
export function nameList(names: readonly string[]): string {
  const shown = names.length > 3 ? [...names.slice(0, 2), `${names.length - 2} others`] : names;
  if (shown.length < 2) return shown[0] ?? "";
  return `${shown.slice(0, -1).join(", ")} and ${shown.at(-1)}`;
}

/** "Ada is typing…"; empty when nobody is. */
export function typingLine(userIds: readonly string[], participants: readonly Participant[]): string {
  if (userIds.length === 0) return "";
  const names = userIds.map((id) =>
    shownName(participants.find((participant) => participant.userId === id)?.userName ?? "Someone"),
  );
  return `${nameList(names)} ${names.length === 1 ? "is" : "are"} typing…`;
}

/** "TTFT 0.41 s · 63 tok/s · 120 tokens", as far as it is known. */
export function metricsLine(metrics: StreamMetrics): string {
  const parts: string[] = [];
  if (isNumber(metrics.timeToFirstToken))
    parts.push(`TTFT ${(metrics.timeToFirstToken / 1000).toFixed(2)} s`);
  if (isNumber(metrics.tokensPerSecond)) parts.push(`${rate(metrics.tokensPerSecond)} tok/s`);
  if (isNumber(metrics.completionTokens)) {
    parts.push(`${metrics.completionTokens} ${metrics.completionTokens === 1 ? "token" : "tokens"}`);
  }
  return parts.join(" · ");
}

function rate(value: number): string {
  return value < 10 ? value.toFixed(1) : String(Math.round(value));
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

/** Why an answer ended early, in plain words; null when it is simply complete. */
export function endingLine(message: ChatMessage): string | null {
  const { status, finishReason } = message.metadata ?? {};
  if (message.error || status === "error" || finishReason === "error") return errorLine(message);
  if (status === "cancelled" || finishReason === "cancelled") return "Stopped. The text so far is kept.";
  if (status === "interrupted" || finishReason === "interrupted") {
    return "Interrupted before the end. Ask again to get the whole answer.";
  }
  return finishReason === "length" ? "Cut off at the length limit." : null;
}

function errorLine(message: ChatMessage): string {
  const { error } = message;
  if (!error) return "The answer failed.";
  const wait = isNumber(error.retryAfter) ? `Try again in ${Math.ceil(error.retryAfter)} s.` : "";
  const text = plainLine(error.message) || ERROR_WORDS[error.type] || "The answer failed.";
  const advice = (error.suggestions ?? [])
    .map((each) => plainLine(each))
    .filter((each) => !text.includes(each));
  return [text, wait, ...advice].filter(Boolean).join(" ");
}

/** "14:05"; with the day when it is not today's. */
export function timeLabel(timestamp: string | undefined, now: Date = new Date()): string {
  const date = new Date(timestamp ?? Number.NaN);
  if (Number.isNaN(date.getTime())) return "";
  const time = date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  if (date.toDateString() === now.toDateString()) return time;
  return `${date.toLocaleDateString([], { day: "numeric", month: "short" })}, ${time}`;
}

/** Who answers: the model's own name where it is known. */
export function assistantName(model: string | null | undefined): string {
  return model ? modelLabel(model) : "Assistant";
}

/** A model by its name alone: no folder, no file ending. */
export function modelLabel(model: string): string {
  return plainName(model.replace(/\.gguf$/i, "").replace(/^.*[/\\]/, ""));
}
