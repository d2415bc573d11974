// @vitest-environment happy-dom
import { Lexer } from "marked";
import { render } from "preact";
import { describe, expect, it, vi } from "vitest";
import { lex } from "../../src/markdown/lexing/lexer";
import { OpenBlocks } from "../../src/markdown/lexing/open-blocks";
import { MAX_DEPTH } from "../../src/markdown/lexing/tokenizer";
import { Markdown } from "../../src/markdown/markdown";
import { settled } from "../support/fake-clock";
import { HARMLESS, POISON } from "../support/poison";

function show(text: string, open = false): HTMLElement {
  const root = document.createElement("div");
  render(<Markdown text={text} open={open} />, root);
  return root;
}

function deepest(element: Element): number {
  let level: Element[] = [element];
  let depth = 0;
  for (; level.length > 0; depth += 1) level = level.flatMap((each) => [...each.children]);
  return depth;
}

describe.each(POISON)("%s", (_, text) => {
  it("are shown as they were written", () => {
    const root = show(text);
    expect(root.textContent).toBe(text);
    expect(deepest(root)).toBeLessThan(10);
  });

  it("do not stop the text around them", () => {
    const root = show(`# Before\n\n${text}\n\nAnd **after**.`);
    expect(root.querySelector("h3")?.textContent).toBe("Before");
    expect(root.querySelector("strong")?.textContent).toBe("after");
  });

  it("stream without a throw, all their text shown", () => {
    const root = document.createElement("div");
    for (let end = 1; end < text.length + 97; end += 97) {
      render(<Markdown text={text.slice(0, end)} open />, root);
    }
    expect(root.textContent?.replace(/\s/g, "").length).toBeGreaterThanOrEqual(
      text.replace(/\s/g, "").length - 3,
    );
    render(<Markdown text={text} />, root);
    expect(root.textContent).toBe(text);
  });
});

it("goes on with form after a block that is shown as written", () => {
  const blocks = new OpenBlocks();
  const deep = ">".repeat(200);
  const types = (text: string) => [...blocks.closed, ...blocks.update(text)].map(({ type }) => type);
  expect(types(`${deep}x`)).toEqual(["asWritten"]);
  expect(types(`${deep}x\nlazy **line`)).toEqual(["asWritten"]);
  blocks.update(`${deep}x\nlazy line\n\nThen **bold**`);
  expect(types(`${deep}x\nlazy line\n\nThen **bold** words`)).toEqual(["asWritten", "space", "paragraph"]);
});

describe.each(HARMLESS)("%s", (_, text) => {
  it("are shown with every word, no deeper than the limit", () => {
    const root = show(text);
    expect(root.textContent).toContain("word");
    expect(deepest(root)).toBeLessThan(3 * MAX_DEPTH);
  });
});

it("nests what is within the limit", () => {
  const root = show(`${"> ".repeat(MAX_DEPTH - 2)}deep`);
  expect(root.querySelectorAll("blockquote")).toHaveLength(MAX_DEPTH - 2);
  expect(root.querySelector("blockquote p")?.textContent).toBe("deep");
});

it("shows the text when the parser fails", () => {
  vi.spyOn(Lexer.prototype, "lex").mockImplementationOnce(() => {
    throw new Error("a mistake of the parser");
  });
  expect(lex("# a **b**")).toEqual([{ type: "asWritten", raw: "# a **b**" }]);
});

it("is not tried again at each frame where it could not be drawn, but at its end", async () => {
  const root = document.createElement("div");
  const draw = async (text: unknown, open: boolean): Promise<string | null> => {
    render(<Markdown text={text as string} open={open} />, root);
    await settled();
    return root.textContent;
  };
  expect(await draw(7, true), "no text at all").toBe("7");
  expect(await draw("**go", true)).toBe("**go");
  expect(await draw("**good**", true)).toBe("**good**");
  expect(await draw("**good**", false)).toBe("good");
  const { error } = console;
  expect(error).toHaveBeenCalledTimes(1);
  vi.mocked(error).mockClear();
});
