import { describe, expect, it } from "vitest";
import { COMMANDS, EXPORT_FORMATS, oneOf, readDraft } from "../../src/composing/commands";

describe("a draft", () => {
  it.each([
    ["hello", "hello"],
    [" /help", " /help"],
    ["//help", "/help"],
    ["//", "/"],
    ["/", "/"],
    ["/usr/bin/python is missing", "/usr/bin/python is missing"],
    ["/ help", "/ help"],
    ["/* a comment */", "/* a comment */"],
    ["\n/help", "\n/help"],
    ["a /help", "a /help"],
  ])("%j is text", (draft, text) => {
    expect(readDraft(draft)).toEqual({ kind: "text", text });
  });

  it("is a command by its name, whatever the case, with the words after it", () => {
    expect(readDraft("/model gpt 4 ")).toEqual({ kind: "command", name: "model", words: "gpt 4" });
    expect(readDraft("/HELP\n")).toEqual({ kind: "command", name: "help", words: "" });
    expect(readDraft("/system\nBe brief.\nBe kind.")).toEqual({
      ...{ kind: "command", name: "system", words: "Be brief.\nBe kind." },
    });
  });

  it("is unknown where it looks like a command and is none", () => {
    expect(readDraft("/moddel gpt")).toEqual({ kind: "unknown", name: "moddel" });
    expect(readDraft("/tostring")).toEqual({ kind: "unknown", name: "tostring" });
    expect(readDraft("/Ärger")).toEqual({ kind: "unknown", name: "Ärger" });
  });

  it("knows every command of the list", () => {
    for (const name of COMMANDS) expect(readDraft(`/${name}`)).toMatchObject({ kind: "command", name });
  });
});

describe("one of some words", () => {
  it("is the word, or the only one that begins so", () => {
    expect(oneOf("JSON", EXPORT_FORMATS)).toBe("json");
    expect(oneOf("mark", EXPORT_FORMATS)).toBe("markdown");
    expect(oneOf("i", EXPORT_FORMATS)).toBe("ipynb");
  });

  it("is none of them where that is not clear", () => {
    expect(oneOf("", EXPORT_FORMATS)).toBeNull();
    expect(oneOf("pdf", EXPORT_FORMATS)).toBeNull();
    expect(oneOf("a", ["ab", "ac"])).toBeNull();
    expect(oneOf("ab", ["abc", "ab"]), "exactly one of them").toBe("ab");
  });
});
