import { describe, expect, it } from "vitest";
import { names } from "../../src/texts/en/names";
import { addTexts } from "../../src/texts/texts";
import { avatarColors } from "../../src/views/people/color";
import { providerWords } from "../../src/views/providers/provider-words";
import {
  assistantName,
  emptyLine,
  endingLine,
  metricsLine,
  modelLabel,
  shownName,
  timeLabel,
} from "../../src/views/words";
import { nameList, typingWords } from "../../src/views/writing/typing-words";
import { ADA, answer, BO } from "../support/chat";

addTexts(names);

it("joins names the way people do", () => {
  expect(["A", "A,B", "A,B,C", "A,B,C,D"].map((names) => nameList(names.split(",")))).toEqual([
    "A",
    "A and B",
    "A, B and C",
    "A, B and 2 others",
  ]);
});

it("says who is typing", () => {
  expect(typingWords([], [ADA])).toBeNull();
  expect(typingWords(["ada"], [ADA, BO])).toEqual({ who: "Ada", count: 1 });
  expect(typingWords(["ada", "bo"], [ADA, BO])).toEqual({ who: "Ada and Bo", count: 2 });
  expect(typingWords(["gone"], [ADA])).toEqual({ who: "Someone", count: 1 });
});

it("shows the metrics it has", () => {
  expect(metricsLine({ timeToFirstToken: 412, tokensPerSecond: 63.2, completionTokens: 120 })).toBe(
    "TTFT 0.41 s · 63 tok/s · 120 tokens",
  );
  expect(metricsLine({ tokensPerSecond: 4.26, completionTokens: 1, timeToFirstToken: null })).toBe(
    "4.3 tok/s · 1 token",
  );
  expect(metricsLine({})).toBe("");
});

describe("how an answer ended", () => {
  it.each([
    [{ status: "complete", finishReason: "stop" }, null],
    [{ status: "complete", finishReason: "length" }, "Cut off at the length limit."],
    [{ status: "cancelled", finishReason: "cancelled" }, "Stopped. The text so far is kept."],
    [{ status: "interrupted" }, "Interrupted before the end. Ask again."],
    [{ status: "error" }, "The answer failed."],
  ] as const)("%j", (metadata, words) => {
    expect(endingLine(answer(1, "x", metadata))).toBe(words);
  });

  it("leaves a wait to the button that counts it down", () => {
    const error = { type: "rate_limit", recoverable: true, retryAfter: 12 } as const;
    expect(endingLine({ ...answer(1, ""), error })).toBe("The provider's rate limit is reached.");
  });

  it("passes on what the error says and what helps", () => {
    const error = {
      type: "rate_limit",
      recoverable: false,
      retryAfter: 11.2,
      suggestions: ["Use another model."],
    } as const;
    expect(endingLine({ ...answer(1, ""), error: { ...error, suggestions: [...error.suggestions] } })).toBe(
      "The provider's rate limit is reached. Try again in 12 s. Use another model.",
    );
  });

  it("does not say advice twice", () => {
    const message = "Nothing is set up. Run: x install";
    const error = {
      type: "model_not_found",
      recoverable: true,
      message,
      suggestions: ["Run: x install"],
    } as const;
    expect(endingLine({ ...answer(1, ""), error: { ...error, suggestions: [...error.suggestions] } })).toBe(
      message,
    );
  });

  it("says an advice once, however the sentence before it has it", () => {
    const error = {
      type: "server_error",
      message: "house failed (HTTP 500). Try again in a moment, or choose another provider.",
      recoverable: true,
      suggestions: ["Try again in a moment.", "Choose another provider.", "Wait for Monday."],
    } as const;
    expect(endingLine({ ...answer(1, ""), error: { ...error, suggestions: [...error.suggestions] } })).toBe(
      `${error.message} Wait for Monday.`,
    );
  });
});

it("names a model without its folder and file ending", () => {
  expect(modelLabel("/home/x/models/SmolLM2-135M.gguf")).toBe("SmolLM2-135M");
});

it("shows the day only when it is not today's", () => {
  const now = new Date("2026-11-23T12:00:00");
  expect(timeLabel("2026-11-23T09:05:00", now)).toMatch(/^0?9:05/);
  expect(timeLabel("2026-11-20T09:05:00", now)).toMatch(/20/);
  expect(timeLabel("2026-11-20T09:05:00", now)).not.toContain("2026");
  expect(timeLabel("2025-11-20T09:05:00", now), "a hit of a search may be years old").toContain("2025");
  expect(timeLabel("nonsense", now)).toBe("");
});

it("keeps initials readable on any colour and takes nothing else for a colour", () => {
  expect(avatarColors("#ffb300")).toEqual({ background: "#ffb300", text: "#000" });
  expect(avatarColors("#1b3a79").text).toBe("#fff");
  expect(avatarColors("hsl(60, 90%, 60%)").background).toBe("#546e7a");
  expect(avatarColors("red;background:url(https://x)").background).toBe("#546e7a");
});

it("keeps a name to itself, whatever way it is written", () => {
  expect(shownName("Ada Lovelace-Öztürk 👩‍💻")).toBe("Ada Lovelace-Öztürk 👩‍💻");
  expect(shownName("דנה")).toBe("\u2068דנה\u2069");
  expect(shownName("علی‌رضا")).toBe("\u2068علی‌رضا\u2069");
  expect(shownName("Ada\u202egnp.exe")).toBe("Adagnp.exe");
  expect(shownName("\u2067\u200fAda\u061c\u2069")).toBe("Ada");
  expect(typingWords(["x"], [{ ...ADA, userId: "x", userName: "דנה\u202e" }])?.who).toBe("\u2068דנה\u2069");
});

it("shows a model by a plain name that speaks for itself alone", () => {
  expect(assistantName("org/Model-7B.gguf")).toBe("Model-7B");
  expect(assistantName("Ada Lovelace (owner)\u202e\u200b\n")).toBe("Ada Lovelace (owner)");
  expect(assistantName("\u200b\u202e")).toBe("Assistant");
  expect(assistantName("m".repeat(500_000)).length).toBeLessThan(70);
  expect(assistantName("דגם")).toBe("\u2068דגם\u2069");
});

it("takes an error or a state that nobody knows for what it is", () => {
  const error = { type: "constructor" as never, recoverable: false };
  expect(endingLine({ ...answer(1, ""), error })).toBe("The answer failed.");
  expect(providerWords("toString" as never)).toBe("toString");
  expect(providerWords("down")).toBe("not reachable");
});

it("keeps a strange reason for an empty answer whole in its own direction, and waits for no time that has passed", () => {
  const reason = `${"\u05d0".repeat(39)}\u{1f600}\u{1f600}`;
  const line = emptyLine(answer(1, "", { finishReason: reason as never })) ?? "";
  expect(line).toContain("\u{1f600}…");
  expect([..."\u2066\u2067\u2068"].filter((opening) => line.includes(opening))).toEqual([]);
  const error = { type: "rate_limit", message: "Slow down.", retryAfter: 0 } as const;
  expect(endingLine({ ...answer(1, ""), error: error as never })).not.toContain("0 s");
});
