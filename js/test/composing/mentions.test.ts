import { describe, expect, it } from "vitest";
import { type Mentionable, mentioned } from "../../src/composing/mentions";

const person = (name: string): Mentionable => ({ name, userId: name.toLowerCase(), choice: null });
const KNOWN = [person("Ada"), person("Ada Lovelace"), person("Bo"), person("李雷"), person("")];
const names = (text: string): string[] => mentioned(text, KNOWN).map(({ name }) => name);

describe("who is mentioned", () => {
  it("is whoever stands after an @, whatever the case, once", () => {
    expect(names("@ada and @BO, and @Ada again")).toEqual(["Ada", "Bo"]);
  });

  it("is the longest name that fits", () => {
    expect(names("@Ada Lovelace, look")).toEqual(["Ada Lovelace"]);
    expect(names("@Ada Love")).toEqual(["Ada"]);
  });

  it("ends where a word ends", () => {
    expect(names("@Bob")).toEqual([]);
    expect(names("@Bo's turn. (@Ada)")).toEqual(["Bo", "Ada"]);
    expect(names("@李雷，你好")).toEqual(["李雷"]);
  });

  it("is nobody in an address or after a bare @", () => {
    expect(names("mail x@bo or a@ada.org, at @ five")).toEqual([]);
  });

  it("is nobody in code, where @ has other meanings", () => {
    expect(names("`@ada` and\n```python\n@bo\ndef f(): ...\n```\n")).toEqual([]);
    expect(names("```\n@bo\n```\n@ada")).toEqual(["Ada"]);
    expect(names("```\nnever closed @ada")).toEqual([]);
  });

  it.each([
    ["a letter with its accent after it, as macOS writes", "@Zoe\u0301, look", ["Zoé"]],
    ["one who is called so but for an accent", "@Ze\u0301 and @Ze", ["Zé", "Ze"]],
    ["nobody where an accent makes it another name", "@Bo\u0301", []],
    ["nobody in an address that ends in a letter beyond the first plane", "𝒜@bo", []],
    ["nobody where such a letter goes on", "@Bo𝒜", []],
    ["whoever stands after an emoji", "🎉@Bo🎉", ["Bo"]],
    ["nobody at the half of a letter, and nothing fails", "\ud835@bo \udc9c@\ud835", ["Bo"]],
    ["nobody whose letters a mark turns round", "@B\u202eo", []],
  ])("is %s", (_what, text, expected) => {
    const known = [person("Bo"), person("Zoé"), person("Zé"), person("Ze")];
    expect(mentioned(text, known).map(({ name }) => name)).toEqual(expected);
  });

  it.each([
    ["```x``` is it, @Ada", ["Ada"]],
    ["```` ```x``` ````\n@Ada", ["Ada"]],
    ["  ```\n  @bo\n  ```\n@Ada", ["Ada"]],
    ["~~~ `py`\n@bo\n~~~\n@Ada", ["Ada"]],
    ["a`b`@Ada", ["Ada"]],
  ])("is whoever stands outside of code: %j", (text, expected) => {
    expect(names(text)).toEqual(expected);
  });

  it("is everybody of that name: the text does not say which", () => {
    const two = [
      { name: "Alex", userId: "alex-1", choice: null },
      { name: "alex", userId: "alex-2", choice: null },
    ];
    expect(mentioned("@Alex?", two).map(({ userId }) => userId)).toEqual(["alex-1", "alex-2"]);
  });

  it("is one model where two providers have it, for one answers", () => {
    const two = ["a", "b"].map((provider) => ({
      name: "gpt",
      userId: null,
      choice: { provider, model: "gpt" },
    }));
    expect(mentioned("@gpt", two).map(({ choice }) => choice?.provider)).toEqual(["a"]);
  });

  it("stays quick with long texts and many names", () => {
    const many = Array.from({ length: 500 }, (_, index) => person(`Person ${index}`));
    const began = performance.now();
    expect(mentioned("@Person 499 ".repeat(2_000), many)).toHaveLength(1);
    expect(performance.now() - began).toBeLessThan(2_000);
  });
});
