import { describe, expect, it } from "vitest";
import { pastedCode } from "../../src/composing/pasted-code";

const clipboard = (text: string, others: Record<string, string> = {}) => ({
  getData: (type: string) => (type === "text/plain" ? text : (others[type] ?? "")),
});
const fromEditor = (text: string, mode: unknown) =>
  clipboard(text, { "vscode-editor-data": JSON.stringify({ version: 1, mode }) });

const LOOP = "for x in xs:\n    y = x + 1\n    print(y)";

describe("pasted code", () => {
  it("becomes a fenced block when several lines are indented", () => {
    expect(pastedCode(clipboard(LOOP), "")).toBe(`\`\`\`\n${LOOP}\n\`\`\`\n`);
  });

  it("begins on a line of its own", () => {
    expect(pastedCode(clipboard(LOOP), "Why? ")).toBe(`\n\`\`\`\n${LOOP}\n\`\`\`\n`);
    expect(pastedCode(clipboard(LOOP), "Why?\n")).toBe(`\`\`\`\n${LOOP}\n\`\`\`\n`);
  });

  it("takes the language that VS Code names, indented or not", () => {
    expect(pastedCode(fromEditor("x = 1\ny = 2", "python"), "")).toBe("```python\nx = 1\ny = 2\n```\n");
  });

  it("leaves an editor's prose alone, unless it looks like code", () => {
    expect(pastedCode(fromEditor("one\ntwo", "plaintext"), "")).toBeNull();
    expect(pastedCode(fromEditor("one\ntwo", "markdown"), "")).toBeNull();
    expect(pastedCode(fromEditor(LOOP, "plaintext"), "")).toContain("```\nfor");
  });

  it("lets no editor's word break out of the fence", () => {
    for (const mode of ["py`\nx", "<b>", 7, null, "a".repeat(31)]) {
      const pasted = pastedCode(fromEditor("x = 1\ny = 2", mode), "");
      expect(pasted === null || pasted.startsWith("```\nx"), String(mode)).toBe(true);
    }
    expect(pastedCode(clipboard("a\nb", { "vscode-editor-data": "{broken" }), "")).toBeNull();
  });

  it("knows cells of a notebook", () => {
    const cells = clipboard("a = 1\nb = 2", { "application/vnd.jupyter.cells": "[{}]" });
    expect(pastedCode(cells, "")).toBe("```\na = 1\nb = 2\n```\n");
  });

  it("takes away the margin that all lines share, and keeps the rest", () => {
    const method = "    def f(self):\n        return 1\n\n        # end";
    expect(pastedCode(clipboard(method), "")).toBe("```\ndef f(self):\n    return 1\n\n    # end\n```\n");
    expect(pastedCode(clipboard("\ta {\n\t\tb\n\t\tc\n\t}"), "")).toBe("```\na {\n\tb\n\tc\n}\n```\n");
  });

  it("reads the line ends of Windows", () => {
    expect(pastedCode(clipboard("if (x) {\r\n  a();\r\n  b();\r\n}\r\n"), "")).toBe(
      "```\nif (x) {\n  a();\n  b();\n}\n```\n",
    );
  });

  it.each([
    ["one line", "    x = 1"],
    ["nothing", ""],
    ["prose", "Dear all,\nthe meeting is at five.\nAda"],
    ["one indented line, as in a letter", "Hello,\n    see you.\nAda"],
    ["a list with its own levels", "- one\n  - two\n  - three\n- four"],
    ["numbers", "1. one\n   more\n   words\n2. two"],
    ["what is fenced already", "```python\nfor x in y:\n    a\n    b\n```"],
  ])("leaves alone: %s", (_name, text) => {
    expect(pastedCode(clipboard(text), "")).toBeNull();
  });

  it("leaves a paste inside an open fence alone, and not one after a closed fence", () => {
    expect(pastedCode(clipboard(LOOP), "Look:\n```python\n")).toBeNull();
    expect(pastedCode(clipboard(LOOP), "```\na\n```\n")).toContain("```\nfor");
  });
});
