// About how many tokens a text has, as the hub estimates it (conduit_widget/providers/limits/token_estimate.py).

const CHARS_PER_TOKEN = 3.5;
/** What a message costs beside its text. */
export const MESSAGE_OVERHEAD_TOKENS = 8;

export function estimateTokens(text: string): number {
  let ascii = 0;
  let others = 0;
  for (const character of text) {
    if (character <= "\u007f") ascii += 1;
    else others += 1;
  }
  return Math.ceil(ascii / CHARS_PER_TOKEN) + others;
}

/** "950", "8k", "131k", "1M": a size of context as people say it. */
export function shortCount(tokens: number): string {
  if (tokens < 1_000) return String(tokens);
  // 8,192 is "8k" and 131,072 "131k", as model cards have it.
  if (tokens < 999_500) return `${tokens < 9_950 ? trimmed(tokens / 1_000) : Math.round(tokens / 1_000)}k`;
  return `${trimmed(tokens / 1_000_000)}M`;
}

function trimmed(value: number): string {
  const near = Math.abs(value - Math.round(value)) < 0.25;
  return near ? String(Math.round(value)) : value.toFixed(1);
}
