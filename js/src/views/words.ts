// What values of the wire are in words.
import type { ChatMessage, ErrorType, StreamMetrics } from "../contract";
import { noticeOf, textOf } from "../messages/parts";
import { plainLine, plainName } from "../plain";
import { dates, numeral, type PlainKey, text } from "../texts/texts";

const ERROR_WORDS: Record<ErrorType, PlainKey> = {
  rate_limit: "error.rateLimit",
  model_not_found: "error.modelNotFound",
  auth_error: "error.auth",
  network_error: "error.network",
  server_error: "error.server",
};

const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]|[\ud802\ud803\ud83a\ud83b]/;

/** A name inside a line of other words: a right-to-left one keeps to itself (first strong isolate). */
export function shownName(name: string): string {
  const plain = plainName(name);
  return RIGHT_TO_LEFT.test(plain) ? `\u2068${plain}\u2069` : plain;
}

/** "TTFT 0.41 s · 63 tok/s · 120 tokens", as far as it is known. */
export function metricsLine(metrics: StreamMetrics): string {
  const { timeToFirstToken, tokensPerSecond, completionTokens } = metrics;
  const parts: string[] = [];
  if (isNumber(timeToFirstToken)) {
    parts.push(text("metrics.firstToken", { seconds: rounded(timeToFirstToken / 1000, 2) }));
  }
  if (isNumber(tokensPerSecond)) {
    parts.push(text("metrics.rate", { rate: rounded(tokensPerSecond, tokensPerSecond < 10 ? 1 : 0) }));
  }
  if (isNumber(completionTokens)) parts.push(text("metrics.tokens", { count: completionTokens }));
  return parts.join(" · ");
}

function rounded(value: number, digits: number): string {
  return numeral(value, { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

/** "40 s", "2 min 5 s", "3 h 10 min"; conduit_widget/chat_client/state/notice_lines.py says it the same way. */
export function durationWords(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return text("time.seconds", { seconds: whole });
  const [minutes, rest] = [Math.floor(whole / 60), whole % 60];
  if (minutes < 10 && rest) return text("time.minutesSeconds", { minutes, seconds: rest });
  if (minutes < 60) return text("time.minutes", { minutes });
  const hours = Math.floor(minutes / 60);
  return minutes % 60
    ? text("time.hoursMinutes", { hours, minutes: minutes % 60 })
    : text("time.hours", { hours });
}

/** Why an answer ended early, in plain words; null when it is simply complete. */
export function endingLine(message: ChatMessage): string | null {
  const ending = endingOf(message);
  if (ending === "error") return errorLine(message);
  const key = ENDING_WORDS.get(ending);
  return key && textOf(message).trim() ? text(key) : null;
}

const ENDING_WORDS = new Map<string, PlainKey>([
  ["cancelled", "answer.cancelled"],
  ["interrupted", "answer.interrupted"],
  ["length", "answer.length"],
]);

/** Why a message has no text, in place of it; null where something else says so. */
export function emptyLine(message: ChatMessage): string | null {
  if (message.metadata?.deletedAt) return text("message.deleted");
  if (message.role !== "assistant") return text("message.noText");
  const ending = endingOf(message);
  if (ending === "error" || noticeOf(message)) return null;
  const key = EMPTY_WORDS.get(ending);
  return key ? text(key) : text("answer.emptyOther", { reason: plainLine(ending, 40) });
}

const EMPTY_WORDS = new Map<string, PlainKey>([
  ["stop", "answer.emptyStop"],
  ["cancelled", "answer.emptyCancelled"],
  ["interrupted", "answer.emptyInterrupted"],
  ["length", "answer.emptyLength"],
  ["content_filter", "answer.emptyFilter"],
  ["tool_calls", "answer.emptyTools"],
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
  if (!error) return text("answer.failed");
  const { retryAfter, recoverable } = error;
  // Beside what can be asked again stands a button that counts down.
  const wait =
    !recoverable && isNumber(retryAfter) && retryAfter > 0
      ? text("answer.tryAgainIn", { time: durationWords(Math.ceil(retryAfter)) })
      : "";
  const what = plainLine(error.message) || text(wordFor(ERROR_WORDS, error.type) ?? "answer.failed");
  const advice = (error.suggestions ?? [])
    .map((each) => plainLine(each))
    .filter((each) => !what.includes(each.slice(1, -1))); // within a sentence it has another letter and sign
  return [what, wait, ...advice].filter(Boolean).join(" ");
}

/** What stands for a value that came from outside: it may be none that is known, or the name of an object's method. */
export function wordFor<W extends string>(words: Record<string, W>, value: string): W | undefined {
  return Object.hasOwn(words, value) ? words[value] : undefined;
}

/** "14:05"; with the day when it is not today's, and with the year when it is another one. */
export function timeLabel(timestamp: string | undefined, now: Date = new Date()): string {
  const date = new Date(timestamp ?? Number.NaN);
  if (Number.isNaN(date.getTime())) return "";
  const day = date.toDateString() === now.toDateString() ? undefined : "numeric";
  return date.toLocaleString(dates(), {
    hour: "numeric",
    minute: "2-digit",
    day,
    month: day && "short",
    year: date.getFullYear() === now.getFullYear() ? undefined : "numeric",
  });
}

/** The whole date and time; empty where there is none. */
export function fullTime(timestamp: string | undefined): string {
  const date = new Date(timestamp ?? Number.NaN);
  return Number.isNaN(date.getTime())
    ? ""
    : date.toLocaleString(dates(), { dateStyle: "full", timeStyle: "medium" });
}

/** Who answers: the model's own name where it is known. */
export function assistantName(model: string | null | undefined): string {
  return (model && modelLabel(model)) || text("message.assistant");
}

/** A model by its name alone: no folder, no file ending, nothing that is not seen, and no longer than a line. */
export function modelLabel(model: string): string {
  return shownName(model.replace(/\.gguf\s*$/i, "").replace(/^.*[/\\](?=.)/s, ""));
}
