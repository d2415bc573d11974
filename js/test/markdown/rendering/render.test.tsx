// @vitest-environment happy-dom
import { render } from "preact";
import { describe, expect, it } from "vitest";
import { Markdown } from "../../../src/markdown/markdown";
import { settled } from "../../support/fake-clock";

function show(text: string, open = false): HTMLElement {
  const root = document.createElement("div");
  render(<Markdown text={text} open={open} />, root);
  return root;
}

function html(text: string): string {
  return show(text).querySelector(".markdown")?.innerHTML ?? "";
}

describe("safety", () => {
  it.each([
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "a <b onclick=alert(1)>b</b> c",
    "<iframe src='https://example.com'></iframe>\n\ntext",
    "<svg/onload=alert(1)>",
  ])("shows raw HTML as text: %s", (text) => {
    const root = show(text);
    expect(root.querySelector("script, img, iframe, svg, b")).toBeNull();
    expect(root.textContent?.replace(/\s+/g, "")).toBe(text.replace(/\s+/g, ""));
  });

  it.each([
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](data:text/html,<script>alert(1)</script>)",
    "[x](vbscript:x)",
    "[x](file:///etc/passwd)",
    "[x](//example.com/x)",
    "[x](/lab/tree/secret)",
    "<javascript:alert(1)>",
  ])("does not link %s", (text) => {
    expect(show(text).querySelector("a")).toBeNull();
  });

  it("opens links in a new tab, without an opener", () => {
    const link = show("[x](https://example.com/a?b=1&c=2)").querySelector("a");
    expect(link?.getAttribute("href")).toBe("https://example.com/a?b=1&c=2");
    expect(link?.getAttribute("target")).toBe("_blank");
    expect(link?.getAttribute("rel")).toContain("noopener");
  });

  it("loads a remote image only on a click", async () => {
    const root = show("![A plot](https://example.com/p.png)");
    expect(root.querySelector("img")).toBeNull();
    const button = root.querySelector("button");
    expect(button?.textContent).toBe("Load image “A plot” from example.com");
    button?.click();
    await settled();
    expect(root.querySelector("img")?.getAttribute("src")).toBe("https://example.com/p.png");
    expect(root.querySelector("img")?.getAttribute("referrerpolicy")).toBe("no-referrer");
  });

  it("shows images that travel inside the message, but no SVG", () => {
    expect(show("![x](data:image/png;base64,iVBORw0=)").querySelector("img")).not.toBeNull();
    expect(show("![x](data:image/svg+xml;base64,PHN2Zz4=)").querySelector("img")).toBeNull();
  });
});

const AUTO = ' dir="auto"';

describe("Markdown", () => {
  it.each([
    [
      "*a* **b** ~~c~~ `d&lt;`",
      `<p${AUTO}><em>a</em> <strong>b</strong> <del>c</del> <code dir="ltr">d&amp;lt;</code></p>`,
    ],
    ["one\ntwo", `<p${AUTO}>one<br>two</p>`],
    ["# Big", `<h3${AUTO}>Big</h3>`],
    ["- a\n- b", `<ul${AUTO}><li>a</li><li>b</li></ul>`],
    ["3. a", `<ol${AUTO} start="3"><li>a</li></ol>`],
    [
      "1. a\n3. b\n4. c\n4. d",
      `<ol${AUTO} start="1"><li>a</li><li value="3">b</li><li>c</li><li value="4">d</li></ol>`,
    ],
    ["5) a\n4) b", `<ol${AUTO} start="5"><li>a</li><li value="4">b</li></ol>`],
    ["1. a\n1. b", `<ol${AUTO} start="1"><li>a</li><li>b</li></ol>`],
    ["- 1. a\n  5. b", `<ul${AUTO}><li><ol${AUTO} start="1"><li>a</li><li value="5">b</li></ol></li></ul>`],
    ["> q", `<blockquote${AUTO}><p>q</p></blockquote>`],
    ["a &amp; b &copy; &#x41; &nonsense;", `<p${AUTO}>a &amp; b © A &amp;nonsense;</p>`],
    ["\\*not\\*", `<p${AUTO}>*not*</p>`],
    ["***", "<hr>"],
  ])("renders %j", (text, expected) => {
    expect(html(text)).toBe(expected);
  });

  it("forgets a number that an item no longer has", () => {
    const root = document.createElement("div");
    for (const text of ["1. a\n3. b", "1. a\n2. b"]) render(<Markdown text={text} />, root);
    expect(root.querySelector("li:last-child")?.outerHTML).toBe("<li>b</li>");
  });

  it("renders tables with alignment", () => {
    const root = show("| a | b |\n|---|--:|\n| 1 | **2** |");
    expect(root.querySelectorAll("th")).toHaveLength(2);
    expect(root.querySelector("td strong")?.textContent).toBe("2");
    expect(root.querySelectorAll("td")[1]?.style.textAlign).toBe("right");
  });

  it("renders tasks", () => {
    const boxes = [...show("- [x] done\n- [ ] open").querySelectorAll("input")];
    expect(boxes.map(({ checked, disabled }) => [checked, disabled])).toEqual([
      [true, true],
      [false, true],
    ]);
  });

  it("gives a code block its language and a Copy button", () => {
    const root = show("```python title=x\nprint('<b>')\n```");
    expect(root.querySelector("figcaption")?.textContent).toContain("python");
    expect(root.querySelector("pre code")?.textContent).toBe("print('<b>')");
    expect(root.querySelector("button.copy")?.getAttribute("aria-label")).toBe("Copy code");
  });

  it("leaves formulas as they were written", () => {
    expect(show("so \\(a_1 * b_1\\) holds").querySelector("code.formula")?.textContent).toBe(
      "\\(a_1 * b_1\\)",
    );
    expect(show("\\[\nx_1 = *y*\n\\]").querySelector("pre.formula")?.textContent).toBe("\\[\nx_1 = *y*\n\\]");
    expect(show("it costs $5 and $6").querySelector(".formula")).toBeNull();
  });
});

it("keeps the nodes of closed blocks while the text grows, and at its end", async () => {
  const root = document.createElement("div");
  const text = "First **block**.\n\n- a\n- b\n\nThird";
  render(<Markdown text={text.slice(0, 24)} open />, root);
  const first = root.querySelector("p");
  render(<Markdown text={text} open />, root);
  expect(root.querySelector("p")).toBe(first);
  render(<Markdown text={text} />, root);
  await settled();
  expect(root.querySelector("p"), "the final parse reuses the nodes").toBe(first);
  expect(root.querySelector(".markdown")?.innerHTML).toBe(html(text));
});
