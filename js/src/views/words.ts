// Every sentence and number a person reads that is not Markdown, in one place.
import type { ChatMessage, ErrorType, Participant, ProviderState, StreamMetrics } from "../contract";
import { noticeOf, textOf } from "../messages";
import { plainLine, plainName } from "../plain";

const PROVIDER_WORDS: Record<ProviderState, string> = {
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

/** "Ada" and " is typing…": the names can be cut short, what they do cannot; empty when nobody types. */
export function typingWords(
  userIds: readonly string[],
  participants: readonly Participant[],
): [who: string, does: string] {
  if (userIds.length === 0) return ["", ""];
  const names = userIds.map((id) =>
    shownName(participants.find((participant) => participant.userId === id)?.userName ?? "Someone"),
  );
  return [nameList(names), names.length === 1 ? " is typing…" : " are typing…"];
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

/** "40 s", "2 min 5 s", "3 h 10 min"; conduit_widget/chat_client/notice_lines.py says it the same way. */
export function durationWords(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  const [minutes, rest] = [Math.floor(whole / 60), whole % 60];
  if (minutes < 60) return rest && minutes < 10 ? `${minutes} min ${rest} s` : `${minutes} min`;
  return minutes % 60 ? `${Math.floor(minutes / 60)} h ${minutes % 60} min` : `${minutes / 60} h`;
}

/** Why an answer ended early, in plain words; null when it is simply complete. */
export function endingLine(message: ChatMessage): string | null {
  const ending = endingOf(message);
  if (ending === "error") return errorLine(message);
  const text = ENDING_WORDS.get(ending);
  if (!text) return null;
  return textOf(message).trim() ? text : null;
}

const ENDING_WORDS = new Map([
  ["cancelled", "Stopped. The text so far is kept."],
  ["interrupted", "Interrupted before the end. Ask again to get the whole answer."],
  ["length", "Cut off at the length limit."],
]);

/** Why a message has no text, in place of it; null where something else says so. */
export function emptyLine(message: ChatMessage): string | null {
  if (message.metadata?.deletedAt) return "This message was deleted.";
  if (message.role !== "assistant") return "This message has no text.";
  const ending = endingOf(message);
  if (ending === "error" || noticeOf(message)) return null;
  return EMPTY_WORDS.get(ending) ?? `The answer has no text (${plainLine(ending, 40)}).`;
}

const EMPTY_WORDS = new Map([
  ["stop", "The model ended its answer without a word. Ask again, or in other words."],
  ["cancelled", "Stopped before the first word."],
  ["interrupted", "Interrupted before the first word. Ask again."],
  ["length", "The length limit was reached before the first word. Ask for more tokens, or less."],
  ["content_filter", "The provider held the answer back. Ask in other words."],
  ["tool_calls", "The model asked for a tool instead of answering. Ask in other words."],
]);

/** How a final message ended, in the hub's word: an error before anything else, "stop" where nothing is said. */
function endingOf({ error, metadata }: ChatMessage): string {
  const { status, finishReason } = metadata ?? {};
  if (error || status === "error" || finishReason === "error") return "error";
  if (status === "cancelled" || status === "interrupted") return status;
  return typeof finishReason === "string" && finishReason ? finishReason : "stop";
}

function errorLine(message: ChatMessage): string {
  const { error } = message;
  if (!error) return "The answer failed.";
  const wait =
    isNumber(error.retryAfter) && error.retryAfter > 0
      ? `Try again in ${Math.ceil(error.retryAfter)} s.`
      : "";
  const text = plainLine(error.message) || wordFor(ERROR_WORDS, error.type) || "The answer failed.";
  const advice = (error.suggestions ?? [])
    .map((each) => plainLine(each))
    .filter((each) => !text.includes(each));
  return [text, wait, ...advice].filter(Boolean).join(" ");
}

/** A provider's state in words. */
export function providerWords(state: ProviderState): string {
  return wordFor(PROVIDER_WORDS, state) ?? plainName(state);
}

/** The words for a value that came from outside: it may be none that is known, or the name of an object's method. */
export function wordFor(words: Record<string, string>, value: string): string | undefined {
  return Object.hasOwn(words, value) ? words[value] : undefined;
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
  return (model && modelLabel(model)) || "Assistant";
}

/** A model by its name alone: no folder, no file ending, nothing that is not seen, and no longer than a line. */
export function modelLabel(model: string): string {
  return shownName(model.replace(/\.gguf\s*$/i, "").replace(/^.*[/\\](?=.)/s, ""));
}
