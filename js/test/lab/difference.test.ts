// @vitest-environment happy-dom
// What changes in a cell, shown before it does.
import { describe, expect, it } from "vitest";
import { confirmDifference, linesOf } from "../../src/lab/cells/difference";
import { speakLanguage } from "../../src/lab/texts";
import { text } from "../../src/texts/texts";

speakLanguage("en");

describe("the lines", () => {
  it.each([
    ["nothing", "", "", []],
    ["what is new", "", "a\nb", ["+ a", "+ b"]],
    ["what goes", "a\nb\n", "", ["- a", "- b"]],
    ["what stays", "a\nb", "a\nb", ["  a", "  b"]],
    ["no difference in the last line's end", "a\nb", "a\nb\n", ["  a", "  b"]],
    ["a line in the middle", "a\nb\nc", "a\nB\nc", ["  a", "- b", "+ B", "  c"]],
    ["blank lines", "a\n\nb", "a\n\n\nb", ["  a", "  ", "+ ", "  b"]],
    ["blanks at the end of a line", "a ", "a", ["- a ", "+ a"]],
    ["writing from right to left", "س = 1", "س = 2", ["- س = 1", "+ س = 2"]],
    ["names of Object.prototype", "__proto__", "constructor", ["- __proto__", "+ constructor"]],
  ])("tell %s", (_, before, after, lines) => {
    expect(linesOf(before, after).map(({ change, line }) => `${change} ${line}`)).toEqual(lines);
  });

  it("of a huge cell are told", () => {
    const lines = Array.from({ length: 5_000 }, (_, index) => `line ${index}`);
    const changed = linesOf(lines.join("\n"), lines.with(2_500, "other").join("\n"));
    expect(changed.filter(({ change }) => change !== " ").map(({ line }) => line)).toEqual([
      "line 2500",
      "other",
    ]);
  });
});

describe("the dialogue", () => {
  interface Shown {
    title: string;
    body: { node: HTMLElement };
    buttons: string[];
  }
  let shown: Shown;
  const asks = (accept: boolean, before = "a\nb", after = "a\n<b>"): Promise<boolean> =>
    confirmDifference(
      ...[before, after],
      {
        showDialog: async (options: unknown) => {
          shown = options as Shown;
          return { button: { accept } };
        },
        Dialog: {
          cancelButton: ({ label }: { label: string }) => `cancel: ${label}`,
          okButton: ({ label }: { label: string }) => `ok: ${label}`,
        },
      } as never,
      {
        Widget: class {
          node: HTMLElement;
          constructor({ node }: { node: HTMLElement }) {
            this.node = node;
          }
        },
      } as never,
      text,
    );

  it.each([true, false])("says what somebody chose: %s", async (accept) => {
    expect(await asks(accept)).toBe(accept);
    expect([shown.title, shown.buttons]).toEqual([
      text("lab.replace"),
      [`cancel: ${text("lab.keep")}`, `ok: ${text("lab.replaceIt")}`],
    ]);
  });

  it("tells each line that comes or goes, not by colour alone, and as it is written", async () => {
    await asks(true);
    const { node } = shown.body;
    expect([node.getAttribute("role"), node.getAttribute("aria-label")]).toEqual([
      ...["group", text("lab.difference")],
    ]);
    const lines = [...node.children].map((line) => [
      line.tagName,
      line.textContent,
      line.getAttribute("aria-label"),
    ]);
    expect(lines).toEqual([
      ["SPAN", "  a", null],
      ["DEL", "- b", text("lab.removed", { line: "b" })],
      ["INS", "+ <b>", text("lab.added", { line: "<b>" })],
    ]);
  });
});
