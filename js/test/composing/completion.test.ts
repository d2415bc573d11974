import { describe, expect, it } from "vitest";
import { completionAt, type Sources, type Suggestion } from "../../src/composing/completion";

const suggestion = (label: string, insert = label): Suggestion => ({ id: label, insert, label, detail: "" });
const SOURCES: Sources = {
  commands: ["model", "system", "search", "help"].map((name) => suggestion(name, `/${name}`)),
  words: (command) =>
    command === "model" ? [suggestion("gpt"), suggestion("gpt-mini"), suggestion("org/llama")] : [],
  mentions: ["Ada", "Ada Lovelace", "Bo", "Zoë", "assistant"].map((name) => suggestion(name, `@${name}`)),
};

/** Completes at the "|" of a text. */
function at(marked: string) {
  const caret = marked.indexOf("|");
  return completionAt(marked.replace("|", ""), caret, SOURCES);
}
const labels = (marked: string): string[] => at(marked)?.suggestions.map(({ label }) => label) ?? [];

describe("a command", () => {
  it("is completed at the start of the draft", () => {
    expect(labels("/|")).toEqual(["model", "system", "search", "help"]);
    expect(labels("/s|")).toEqual(["system", "search"]);
    expect(at("/s|")).toMatchObject({ kind: "command", start: 0, end: 2 });
    expect(labels("/S|e")).toEqual(["system", "search"]);
    expect(at("/s|yst")).toMatchObject({ start: 0, end: 5 });
  });

  it("is not completed anywhere else, nor by its middle", () => {
    for (const text of ["a /s|", " /s|", "//s|", "\n/s|", "/odel|", "/usr/b|"])
      expect(labels(text), text).toEqual([]);
  });

  it("has words of its own", () => {
    expect(labels("/model |")).toEqual(["gpt", "gpt-mini", "org/llama"]);
    expect(labels("/model gpt-|")).toEqual(["gpt-mini"]);
    expect(labels("/model llama|"), "by the start of any word").toEqual(["org/llama"]);
    expect(at("/model g|p")).toMatchObject({ kind: "word", start: 7, end: 9 });
    expect(labels("/help |")).toEqual([]);
    expect(labels("/model gpt\n|")).toEqual([]);
  });
});

describe("a name", () => {
  it("is completed after an @ that begins a word", () => {
    expect(labels("hi @|")).toEqual(["Ada", "Ada Lovelace", "Bo", "Zoë", "assistant"]);
    expect(at("hi @a|")).toMatchObject({ kind: "mention", start: 3, end: 5 });
    expect(labels("(@b|")).toEqual(["Bo"]);
    expect(labels("one\n@b|")).toEqual(["Bo"]);
  });

  it("is found without its accents, by any of its words, and with its spaces", () => {
    expect(labels("@zoe|")).toEqual(["Zoë"]);
    expect(labels("@love|")).toEqual(["Ada Lovelace"]);
    expect(labels("@ada l|")).toEqual(["Ada Lovelace"]);
  });

  it.each([
    ["Hanna Anders", "an", true],
    ["Nan van Anan", "an", true],
    ["Hanna", "an", false],
    ["an an", "an", true],
  ])("%j is found by %j where a word begins so, once: %s", (label, asked, isFound) => {
    const sources = { ...SOURCES, mentions: [suggestion(label)] };
    const found = completionAt(`@${asked}`, asked.length + 1, sources)?.suggestions ?? [];
    expect(found.map((each) => each.label)).toEqual(isFound ? [label] : []);
  });

  it("is offered after code that stands in a line, however many marks it has", () => {
    expect(labels("```x``` and @b|")).toEqual(["Bo"]);
    expect(labels("```x```\n@b|")).toEqual(["Bo"]);
    expect(labels("~~~ `x`\n@b|"), "tildes may have them in their first line").toEqual([]);
  });

  it("stops at thirty, and none of what is looked for is part of a pattern", () => {
    const many = Array.from({ length: 10_000 }, (_, at) => suggestion(`(a+)+$ ${at}`));
    const found = completionAt("@(a+", 4, { ...SOURCES, mentions: many });
    expect(found?.suggestions).toHaveLength(30);
    expect(completionAt("@((((", 5, { ...SOURCES, mentions: many })).toBeNull();
  });

  it("is not offered in an address, in code, or when it stands there already", () => {
    expect(labels("x@a|")).toEqual([]);
    expect(labels("`@a|")).toEqual([]);
    expect(labels("```python\n@a|")).toEqual([]);
    expect(labels("```\na\n```\n@b|")).toEqual(["Bo"]);
    expect(labels("@bo |")).toEqual([]);
    expect(labels("@Bo said @nobody here|")).toEqual([]);
  });

  it("looks back over no more than a name is long", () => {
    expect(labels(`@ada ${"x".repeat(100)}|`)).toEqual([]);
  });
});
