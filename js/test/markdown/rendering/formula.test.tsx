// @vitest-environment happy-dom
import { signal } from "@preact/signals";
import { render } from "preact";
import { describe, expect, it, vi } from "vitest";
import * as maths from "../../../src/chunks/drawing/maths";
import type { Chunks } from "../../../src/lazy/chunks";
import { ChunksContext } from "../../../src/lazy/lazy";
import { Markdown } from "../../../src/markdown/markdown";
import { until } from "../../support/until";

const state = (name: string) => signal({ module: name === "maths" ? maths : null, error: null });
const loaded = { styles: signal([]), state, load: async () => maths } as unknown as Chunks;

function draw(
  text: string,
  open = false,
  into = document.createElement("div"),
  chunks: Chunks | null = loaded,
) {
  render(
    <ChunksContext.Provider value={chunks}>
      <Markdown text={text} open={open} />
    </ChunksContext.Provider>,
    into,
  );
  return into;
}

describe("a formula", () => {
  it.each([
    ["$x*y*z$", "x*y*z", "inline"],
    ["$\\{1,2\\}$", "{1,2}", "inline"],
    ["the $n - 1$ others", "n−1", "inline"],
    ["so \\(a_1 + b_2\\) holds", "a1+b2", "inline"],
    ["$$\\frac{1}{2}$$", "12", "block"],
    ["\\[ E = mc^2 \\]", "E=mc2", "block"],
    ["Let\n$$\n\\sum_{i=1}^n i\n$$\nhold", "∑i=1ni", "block"],
  ])("is drawn: %s", (source, text, kind) => {
    const math = draw(source).querySelector("math");
    expect(
      math?.textContent
        ?.replace(/[\s\u2061-\u2064]/g, "")
        .normalize("NFKC")
        .replaceAll("∗", "*"),
    ).toBe(text);
    expect(math?.namespaceURI).toBe("http://www.w3.org/1998/Math/MathML");
    expect(math?.getAttribute("display")).toBe(kind === "block" ? "block" : null);
    expect(math?.parentElement?.getAttribute("dir")).toBe("ltr");
  });

  it.each([
    "costs $5 and $10",
    "echo $$",
    "echo $HOME and $PATH",
    "from $1,000 to $2,000 a month",
    "`$x$` is code",
    "\\$x\\$",
    "a US$5 or AU$6 note",
  ])("is not what this is: %s", (source) => {
    const root = draw(source);
    expect(root.querySelector("math, .formula")).toBeNull();
    expect(root.textContent).toContain("$");
  });

  it("that cannot be read is shown as it was written, with the reason", () => {
    const code = draw("see $\\frac{1}$").querySelector("code.formula");
    expect(code?.textContent).toBe("$\\frac{1}$");
    expect(code?.getAttribute("title")).toMatch(/^This formula cannot be drawn: /);
  });

  it("is shown as it was written until it can be drawn", () => {
    const root = document.createElement("div");
    draw("$x*y*z$ and $$a_1 b_1$$", false, root, null);
    expect([...root.querySelectorAll(".formula")].map(({ textContent }) => textContent)).toEqual([
      "$x*y*z$",
      "$$a_1 b_1$$",
    ]);
  });

  it.each([
    "\\href{javascript:alert(1)}{x}",
    "\\url{https://example.com}",
    "\\includegraphics{https://example.com/x.png}",
    "\\class{composer}{x}",
    "\\id{x}{y}",
    "\\style{position:fixed}{x}",
    "\\data{onclick=alert(1)}{x}",
    "\\htmlStyle{color:red}{x}",
    "{".repeat(1_000),
    "\\def\\a{\\a\\a}\\a",
    "\\color{url(https://example.com)}x",
  ])("cannot do what is no maths: %s", (source) => {
    const root = draw(`$${source}$`);
    expect(root.querySelector("a, img, [id], [onclick], [href], [src]")).toBeNull();
    expect(root.querySelector("[style]")).toBeNull();
    expect(root.textContent?.trim()).not.toBe("");
  });

  it("has no macros of another one", () => {
    const root = draw("$\\gdef\\x{y}\\x$ and $\\x$");
    expect(root.querySelectorAll("math")).toHaveLength(1);
    expect(root.querySelector("code.formula")?.textContent).toBe("$\\x$");
  });
});

/** Every state that a text goes through while it comes, as [the text shown, the formulas drawn]. */
function streamed(text: string): [string, number][] {
  const root = document.createElement("div");
  return Array.from({ length: text.length }, (_, index) => {
    draw(text.slice(0, index + 1), true, root);
    return [root.textContent ?? "", root.querySelectorAll("math").length];
  });
}

describe("half a formula", () => {
  it.each(["As $a_1 * b_2 * c$ is", "As \\(a_1 * b_2\\) is", "As **$a_1 * b_2$** is"])(
    "within a line is not shown before it is whole: %s",
    (text) => {
      for (const [shown, drawn] of streamed(text)) {
        expect(shown).not.toMatch(/[$\\*_]/);
        expect(drawn === 1 || "As ".startsWith(shown) || shown === "As").toBe(true);
      }
    },
  );

  it.each(["$$\na_1 * b_2 * c\n$$\n\nDone", "\\[\na_1 * b_2\n\\]\n\nDone"])(
    "by itself is its source until it is whole: %s",
    (text) => {
      const end = text.search(/\n\n/);
      for (const [index, [shown, drawn]] of streamed(text).entries()) {
        if (index < end - 2) expect(shown).toBe(index === 0 ? shown : text.slice(0, index + 1));
        if (drawn === 0) expect(index).toBeLessThan(end);
      }
    },
  );

  it.each(["costs $5 and $10 now", "echo $HOME and go", "run echo $$ twice"])(
    "that is none is there as it comes: %s",
    (text) => {
      const states = streamed(text).map(([shown]) => shown);
      for (const [index, shown] of states.entries()) expect(shown.length).toBeGreaterThanOrEqual(index - 6);
      expect(states.at(-1)).toBe(text);
    },
  );
});

describe("very many formulas", () => {
  const many = Array.from({ length: 60 }, (_, number) => `so $x_{${number}}$ holds`).join("\n\n");
  const maths = (root: Element): number => root.querySelectorAll("math").length;

  it("are drawn at once for some ms, the others once they are near the view or printed", async () => {
    let come: IntersectionObserverCallback = () => {};
    const watched = new Set<Element>();
    class Observer {
      constructor(callback: IntersectionObserverCallback) {
        come = callback;
      }
      observe = (element: Element) => watched.add(element);
      unobserve = (element: Element) => watched.delete(element);
    }
    vi.stubGlobal("IntersectionObserver", Observer);
    let now = 0;
    const clock = vi.spyOn(performance, "now").mockImplementation(() => now++);
    const root = document.createElement("div");
    try {
      await Promise.resolve(); // what other tests drew was another turn
      draw(many, false, root);
      clock.mockRestore();
      expect(maths(root)).toBe(8);
      expect(root.querySelectorAll("code.formula")).toHaveLength(52);
      await until(() => expect(watched.size).toBe(52));
      const [first, second] = [...watched] as [Element, Element];
      const entry = (target: Element, isIntersecting: boolean) => ({ target, isIntersecting });
      const entries = [entry(first, true), entry(second, false)] as IntersectionObserverEntry[];
      come(entries, {} as IntersectionObserver);
      await until(() => expect(maths(root)).toBe(9));
      expect(watched.size).toBe(51);
      globalThis.dispatchEvent(new Event("beforeprint"));
      await until(() => expect(maths(root)).toBe(60));
      expect(watched.size).toBe(0);
    } finally {
      clock.mockRestore();
      render(null, root);
      vi.unstubAllGlobals();
    }
  });
});
