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

  it("stays quick with long texts and many names", () => {
    const many = Array.from({ length: 500 }, (_, index) => person(`Person ${index}`));
    const began = performance.now();
    expect(mentioned("@Person 499 ".repeat(2_000), many)).toHaveLength(1);
    expect(performance.now() - began).toBeLessThan(2_000);
  });
});
