import { describe, expect, it } from "vitest";
import { seamed, withMarks, withoutMarks } from "../../src/markdown/rendering/seams";
import { seamsOf, segmentsLine } from "../../src/messages/segments";
import { answer } from "../support/chat";

function segment(provider: string, from: number, to: number, reason: string | null = null): never {
  return { provider, model: "m", from, to, outcome: reason ? "failed" : "complete", reason } as never;
}

const BROKE = answer(1, "One two.", {
  segments: [segment("a", 0, 4, "connection_lost"), segment("b", 4, 8)],
});

describe("the segments of an answer", () => {
  it("are a seam where another provider went on, and a line", () => {
    expect(seamsOf(BROKE)).toEqual([{ at: 4, words: "continued by b", reason: "connection lost" }]);
    expect(segmentsLine(BROKE)).toBe("a broke off (connection lost); b went on.");
  });

  it("are a line alone where the first one said nothing", () => {
    const message = answer(1, "Hi", { segments: [segment("a", 0, 0, "rate_limit"), segment("b", 0, 2)] });
    expect(seamsOf(message)).toEqual([]);
    expect(segmentsLine(message)).toBe("a did not answer (rate limit); b answered.");
  });

  it("name who goes on while the answer is written", () => {
    const message = answer(1, "", { status: "streaming", provider: "b", segments: [segment("a", 0, 4)] });
    expect(seamsOf(message)).toMatchObject([{ at: 4, words: "continued by b" }]);
    expect(segmentsLine(message), "nothing is over yet").toBe("");
  });

  it.each([
    ["truncated", "its connection ended"],
    ["idle_timeout", "it fell silent"],
    ["unreachable", "not reachable"],
    ["content_filter", "content filter"],
  ])("say what the code %s means", (code, words) => {
    const message = answer(1, "One two.", { segments: [segment("a", 0, 4, code), segment("b", 4, 8)] });
    expect(segmentsLine(message)).toBe(`a broke off (${words}); b went on.`);
  });

  it("skip those between that wrote nothing", () => {
    const segments = [segment("a", 0, 4, "x"), segment("b", 4, 4, "y"), segment("c", 4, 8)];
    expect(seamsOf(answer(1, "", { segments }))).toMatchObject([{ at: 4, words: "continued by c" }]);
    expect(segmentsLine(answer(1, "", { segments: segments.slice(0, 2) }))).toBe(
      "a broke off (x); b could not go on.",
    );
  });

  it("of a wrong shape are none", () => {
    for (const segments of [undefined, "x", [null, 5, { from: "0", to: 1 }, { from: 3, to: 1 }]])
      expect([seamsOf(answer(1, "", { segments } as never)), segmentsLine(BROKE) !== ""]).toEqual([[], true]);
  });
});

describe("a seam in Markdown", () => {
  const seams = (at: number) => [{ at, words: "continued by b", reason: "" }];
  const MARK = "\ufdd0";

  it("stands where the first provider ended, counted in code points", () => {
    expect(withMarks("😀😀 two", seams(2))).toBe(`😀😀${MARK} two`);
    expect(withMarks("One two", seams(7))).toBe("One two");
    expect(withMarks("One two", seams(0))).toBe("One two");
  });

  it("stands at the end of a paragraph, never before the signs that begin the next block", () => {
    expect(withMarks("One.\n\n# Two", seams(6))).toBe(`One.${MARK}\n\n# Two`);
  });

  it.each([
    ["a fence", "```\ncode goes on\n```"],
    ["the end of a fence", "```\ncode\n```\nand text"],
    ["a table", "| a |\n|---|\n| b | and more"],
  ])("leaves %s alone", (_name, text) => {
    for (let at = 1; at < 11; at += 1) expect(withMarks(text, seams(at))).toBe(text);
  });

  it("cannot be made by a model's own signs", () => {
    expect(withMarks(`On${MARK}e two`, seams(3))).toBe(`One${MARK} two`);
    expect(withoutMarks(`On${MARK}e`)).toBe("One");
    expect(seamed("plain")).toBe("plain");
  });
});
