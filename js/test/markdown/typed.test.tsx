// @vitest-environment happy-dom
import { render } from "preact";
import { describe, expect, it } from "vitest";
import { Typed } from "../../src/markdown/typed";

function show(text: string): HTMLElement {
  const root = document.createElement("div");
  render(<Typed text={text} />, root);
  return root;
}

describe("a person's text is shown as it was typed", () => {
  it.each([
    "for i in x:\n    print(__name__, a*b*c)",
    "    indented\n\n\n\tand a tab",
    "# comment\n- item\n> quote\n1. one",
    "**b** [x](y) ![i](j) <b>x</b> &amp; \\* ~~s~~ $x$ | a |",
    "***",
    "x = `date` and ``y``",
    "```\nnever closed",
    "price ~5, [INFO]: started",
    `${">".repeat(2_000)}x`,
  ])("%j", (text) => {
    const root = show(text);
    expect(root.textContent).toBe(text);
    expect(root.querySelector("em, strong, ul, blockquote, h3, img, del, figure")).toBeNull();
    expect(root.querySelector(".typed")?.getAttribute("dir")).toBe("auto");
  });

  it("but for space at its end", () => {
    expect(show("  a \n\n ").textContent).toBe("  a");
  });
});

it("draws fenced code, its lines as typed", () => {
  const root = show("look:\n```python\ndef f():\n    return `1`\n```\nand\n~~~\n```\n~~~");
  expect([...root.querySelectorAll("pre")].map(({ textContent }) => textContent)).toEqual([
    "def f():\n    return `1`",
    "```",
  ]);
  expect(root.querySelector("figcaption")?.textContent).toContain("python");
  expect([...root.querySelectorAll(".typed")].map(({ textContent }) => textContent)).toEqual([
    "look:",
    "and",
  ]);
});

it.each([
  ["see https://example.com/a(b).", "https://example.com/a(b)"],
  ["(https://example.com/a)", "https://example.com/a"],
  ["请访问https://example.com，谢谢", "https://example.com/"],
  ["www.example.com!", "http://www.example.com/"],
  ["[x](https://example.com/y)", "https://example.com/y"],
])("links the address in %j", (text, href) => {
  const root = show(text);
  expect([...root.querySelectorAll("a")].map((link) => link.href)).toEqual([href]);
  expect(root.textContent).toBe(text);
});

it("links nothing else", () => {
  expect(show("javascript:alert(1) file:///etc/passwd ftp://x //example.com").querySelector("a")).toBeNull();
});
