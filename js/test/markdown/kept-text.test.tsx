// @vitest-environment happy-dom
import { render } from "preact";
import { describe, expect, it } from "vitest";
import { Markdown } from "../../src/markdown/markdown";

function show(text: string): HTMLElement {
  const root = document.createElement("div");
  render(<Markdown text={text} />, root);
  return root;
}

function html(text: string): string {
  return (
    show(text)
      .querySelector(".markdown")
      ?.innerHTML.replaceAll(/ dir="[a-z]+"/g, "") ?? ""
  );
}

describe("text never vanishes", () => {
  it.each([
    "[INFO]: started",
    "[INFO]: started\n[WARN]: slow",
    "[^1]: note",
    "[^1]: A note of several words.",
    "[1]: https://example.com",
    "[a]: <https://example.com> 'Title'",
    "#",
    ">",
    "```",
    "```python",
    "<!-- a comment -->",
    "<details><summary>More</summary></details>",
    "[x]",
    "[x][y]",
    "&nonsense; &constructor; &toString;",
  ])("%j", (text) => {
    expect(show(text).textContent?.replace(/^text|Copy$/g, "")).toBe(text.replaceAll("\n", ""));
  });

  it("keeps the brackets of a word that a log line happens to define", () => {
    expect(show("look at [INFO]\n\n[INFO]: started").textContent).toBe("look at [INFO][INFO]: started");
  });

  it("links a reference and shows where it leads", () => {
    const root = show("see [the page][1]\n\n[1]: https://example.com/page");
    expect([...root.querySelectorAll("a")].map(({ textContent, href }) => [textContent, href])).toEqual([
      ["the page", "https://example.com/page"],
      ["https://example.com/page", "https://example.com/page"],
    ]);
  });

  it("shows the address of a link without words, or to a place it does not lead to", () => {
    expect(show("[](https://example.com)").querySelector("a")?.textContent).toBe("https://example.com");
    expect(show("[x](/lab/tree/secret)").textContent).toBe("x (/lab/tree/secret)");
    expect(show("[x](javascript:alert(1))").textContent).toBe("x (javascript:alert(1))");
    expect(show("![plot](plot.png)").textContent).toBe("plot (plot.png)");
    expect(show("[Part two](#two)").textContent).toBe("Part two");
  });

  it("keeps cells beyond the header", () => {
    const root = show("| a | b |\n|---|---|\n| 1 | 2 | 3 | **4** |\n| x || y |");
    expect([...root.querySelectorAll("td")].map(({ textContent }) => textContent)).toEqual([
      "1",
      "2 | 3 | 4",
      "x",
      " | y",
    ]);
  });
});

describe("what is no mark", () => {
  it.each([
    ["age(1~3), height(80~100)", "<p>age(1~3), height(80~100)</p>"],
    ["~/bin and ~root", "<p>~/bin and ~root</p>"],
    ["~~gone~~", "<p><del>gone</del></p>"],
    ["costs $5 and $10", "<p>costs $5 and $10</p>"],
    ["echo $$; kill $$", "<p>echo $$; kill $$</p>"],
    ["echo $$", "<p>echo $$</p>"],
    ["$HOME/bin:$PATH", "<p>$HOME/bin:$PATH</p>"],
    ["$A_$B_", "<p>$A_$B_</p>"],
    ["US$5*2=A$10", "<p>US$5*2=A$10</p>"],
    ["$5/month or 10$ once", "<p>$5/month or 10$ once</p>"],
  ])("%j", (text, expected) => {
    expect(html(text)).toBe(expected);
  });

  it.each(["$x*y*z$", "$\\{1,2\\}$", "$a_1 + b_1$", "$$x*y*z$$", "\\(a*b*c\\)"])(
    "leaves the formula %j untouched",
    (text) => {
      const root = show(`so ${text}.`);
      expect(root.querySelector("code.formula")?.textContent).toBe(text);
      expect(root.querySelector("em")).toBeNull();
    },
  );

  it("takes formulas on lines of their own, and in the middle of a paragraph", () => {
    expect(show("text\n$$\nx_1 *y* z\n$$\nmore").querySelector("pre.formula")?.textContent).toBe(
      "$$\nx_1 *y* z\n$$",
    );
    expect(show(`${"word ".repeat(1_000)}$x*y*z$`).querySelector(".formula")?.textContent).toBe("$x*y*z$");
  });
});

it("finds a formula where no spaces are written", () => {
  expect(show("设$x*y*z$为整数").querySelector("code.formula")?.textContent).toBe("$x*y*z$");
});

describe("Chinese, Japanese and Korean", () => {
  it.each([
    ["**中文。**中文", "<p><strong>中文。</strong>中文</p>"],
    ["中文**“引用”**中文", "<p>中文<strong>“引用”</strong>中文</p>"],
    ["これは**「重要」**です", "<p>これは<strong>「重要」</strong>です</p>"],
    ["*중요(重要)*합니다", "<p><em>중요(重要)</em>합니다</p>"],
    ["**注意：**text", "<p><strong>注意：</strong>text</p>"],
  ])("%j", (text, expected) => {
    expect(html(text)).toBe(expected);
  });

  it.each([
    ["请访问https://example.com，谢谢", "https://example.com/"],
    ["见 https://example.com/a。", "https://example.com/a"],
    ["（https://example.com/b）", "https://example.com/b"],
    ["https://zh.wikipedia.org/wiki/维基", "https://zh.wikipedia.org/wiki/%E7%BB%B4%E5%9F%BA"],
  ])("ends the address of %j before the sentence's punctuation", (text, href) => {
    const root = show(text);
    expect(root.querySelector("a")?.href).toBe(href);
    expect(root.textContent).toBe(text);
  });
});

describe("tags and entities", () => {
  it.each([
    ["H<sub>2</sub>O, x<sup>*2*</sup>", "<p>H<sub>2</sub>O, x<sup><em>2</em></sup></p>"],
    ["<kbd>Ctrl</kbd>+<kbd>C</kbd>", "<p><kbd>Ctrl</kbd>+<kbd>C</kbd></p>"],
    ["<br>\nand **so**", "<p><br>and <strong>so</strong></p>"],
    ["a<br/>b", "<p>a<br>b</p>"],
    ["<sub onclick=alert(1)>x</sub>", "<p>&lt;sub onclick=alert(1)&gt;x&lt;/sub&gt;</p>"],
    ["<sup>open", "<p>&lt;sup&gt;open</p>"],
    ["<u>x</u>", "<p>&lt;u&gt;x&lt;/u&gt;</p>"],
    ["caf&eacute; &frac12; &NotEqualTilde; &CounterClockwiseContourIntegral;", "<p>café ½ ≂̸ ∳</p>"],
    ["&notit; &amp;lt; `&eacute;`", "<p>&amp;notit; &amp;lt; <code>&amp;eacute;</code></p>"],
  ])("%j", (text, expected) => {
    expect(html(text)).toBe(expected);
  });

  it("breaks lines in cells", () => {
    expect(show("| a |\n|---|\n| 1<br>2 |").querySelector("td")?.innerHTML).toBe("1<br>2");
  });
});

describe("directions", () => {
  it("each block by its own first letter, code from left to right", () => {
    const root = show(
      "שלום\n\n# مرحبا\n\n- سلام `x`\n\n> שלום\n\n| א |\n|---|\n| ב |\n\n```\nשלום\n```\n\n$$\nx\n$$",
    );
    const dirs = (selector: string) =>
      [...root.querySelectorAll(selector)].map((each) => each.getAttribute("dir"));
    for (const selector of [".markdown > p", "h3", "ul", "blockquote", "table"]) {
      expect(dirs(selector), selector).toEqual(["auto"]);
    }
    for (const selector of ["figure", "figure pre", "pre.formula", "li code"]) {
      expect(dirs(selector), selector).toEqual(["ltr"]);
    }
    // With one of its own it would not count for the direction of what holds it.
    expect(dirs("li, blockquote p, td")).toEqual([null, null, null]);
  });
});

describe("where a link leads", () => {
  const places = (text: string) =>
    [...show(text).querySelectorAll(".address")].map(({ textContent }) => textContent?.trim());
  it.each([
    ["[google.com](https://evil.example)", "(evil.example)"],
    ["[https://bank.example/login](https://evil.example/login)", "(evil.example)"],
    ['[Log in](https://evil.example "bank.example")', "(evil.example)"],
    ["[goo\u200bgle.com](https://evil.example)", "(evil.example)"],
    ["[google\u2024com](https://evil.example)", "(evil.example)"],
    ["https://bank.example@evil.example/", "(evil.example)"],
    ["[аpple.com](https://аpple.com)", "(xn--pple-43d.com)"],
    ["[help@bank.example](mailto:me@evil.example)", "(me@evil.example)"],
    ["[**bank.example**](https://evil.example)", "(evil.example)"],
    ["[![bank.example](https://evil.example/i.png)](https://evil.example)", "(evil.example)"],
  ])("%j says it", (text, place) => {
    expect(places(text)).toEqual([place]);
  });

  it.each([
    "[the page](https://example.com)",
    "[example.com](https://www.example.com/a)",
    "[see https://example.com/a, e.g.](https://example.com/a)",
    "https://example.com/a",
    "<me@example.com> me@example.com",
    "[write to me@example.com](mailto:me@example.com)",
  ])("%j needs no more", (text) => {
    expect(places(text)).toEqual([]);
  });
});

it("asks again before it loads another image in the same place", async () => {
  const root = document.createElement("div");
  render(<Markdown text="![a](https://one.example/a.png)" />, root);
  root.querySelector("button")?.click();
  await Promise.resolve();
  await Promise.resolve();
  expect(root.querySelector("img")?.getAttribute("src")).toBe("https://one.example/a.png");
  render(<Markdown text="![a](https://two.example/a.png)" />, root);
  expect(root.querySelector("img")).toBeNull();
  expect(root.querySelector("button")?.textContent).toContain("two.example");
});
