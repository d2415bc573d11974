import { describe, expect, it } from "vitest";
import { estimateTokens, shortCount } from "../../src/composing/token-estimate";

describe("the estimate of tokens", () => {
  // The same as `estimate_tokens` in Python: 3.5 ASCII characters, or one other character, a token.
  it.each([
    ["", 0],
    ["a", 1],
    ["1234567", 2],
    ["12345678", 3],
    ["日本語", 3],
    ["é", 1],
    ["🙂", 1],
    ["ab 日本", 3],
    ["x".repeat(3_500), 1_000],
  ])("of %j is %i", (text, tokens) => {
    expect(estimateTokens(text)).toBe(tokens);
  });
});

describe("a size of context", () => {
  it.each([
    [0, "0"],
    [950, "950"],
    [4_096, "4k"],
    [8_192, "8k"],
    [2_560, "2.6k"],
    [32_768, "33k"],
    [131_072, "131k"],
    [200_000, "200k"],
    [999_900, "1M"],
    [1_048_576, "1M"],
    [1_500_000, "1.5M"],
  ])("%i is %s", (tokens, words) => {
    expect(shortCount(tokens)).toBe(words);
  });
});
