// How much of the model's context the conversation takes, as far as it is known.
import type { ChatMessage, ProviderFigures, ProviderInfo } from "../contract";
import type { Choice } from "../kernel/messages";
import { estimateTokens, MESSAGE_OVERHEAD_TOKENS } from "./token-estimate";

export interface ContextUse {
  /** Tokens of the conversation, as the provider counted them for its last answer; 0 before one. */
  past: number;
  /** About how many the draft adds. */
  draft: number;
  /** How many tokens the model reads and writes at most; null where nobody knows. */
  size: number | null;
}

/** The prompt and the text of the newest answer that was counted, and about what was said since. */
export function contextUse(messages: readonly ChatMessage[], draft: string, size: number | null): ContextUse {
  let since = 0;
  let past = 0;
  for (let at = messages.length - 1; at >= 0; at -= 1) {
    const { role, content, metadata } = messages[at] as ChatMessage;
    const { promptTokens, completionTokens } = metadata ?? {};
    if (role === "assistant" && isCount(promptTokens)) {
      past = promptTokens + (isCount(completionTokens) ? completionTokens : 0);
      break;
    }
    since += typeof content === "string" ? costOf(content) : 0;
    if (role === "user" && metadata?.contextStart === true) break;
  }
  return { past: past + since, draft: draft.trim() ? costOf(draft) : 0, size };
}

/** The context of the provider that would answer: the chosen one, else the hub's first. */
export function contextSize(
  providers: readonly ProviderFigures[],
  choice: Choice,
  first: ProviderInfo | null,
): number | null {
  const name = choice.provider ?? first?.provider;
  const size = providers.find(({ status }) => status.provider === name)?.status.contextTokens;
  return isCount(size) && size > 0 ? size : null;
}

function costOf(text: string): number {
  return estimateTokens(text) + MESSAGE_OVERHEAD_TOKENS;
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}
