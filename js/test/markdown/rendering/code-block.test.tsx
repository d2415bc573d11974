// @vitest-environment happy-dom

import { signal } from "@preact/signals";
import { type ComponentChildren, render, type VNode } from "preact";
import { describe, expect, it } from "vitest";
import * as actions from "../../../src/chunks/actions";
import * as code from "../../../src/chunks/drawing/code";
import type { Chunks } from "../../../src/lazy/chunks";
import { ChunksContext } from "../../../src/lazy/lazy";
import { Markdown } from "../../../src/markdown/markdown";
import { type Cells, offerCells } from "../../../src/notebook/cells";
import { idle } from "../../support/effects";
import { settled } from "../../support/fake-clock";

const parts: Readonly<Record<string, object>> = { actions, code };
const loaded = {
  styles: signal([]),
  state: (name: string) => signal({ module: parts[name] ?? null, error: null }),
  load: async (name: string) => parts[name],
} as unknown as Chunks;

const root = (): HTMLElement => document.createElement("div");

function draw(into: HTMLElement, text: string, open = false): void {
  render(
    <ChunksContext.Provider value={loaded}>
      <Markdown text={text} open={open} />
    </ChunksContext.Provider>,
    into,
  );
}

const fence = (language: string, ...lines: string[]): string =>
  `\`\`\`${language}\n${lines.join("\n")}\n\`\`\``;

describe("code", () => {
  it.each([
    ["python", "def f(x):  # why\n    return 'a'", "hljs-keyword", "def"],
    ["py", "x = 1", "hljs-number", "1"],
    ["TypeScript", "const a = `b`;", "hljs-keyword", "const"],
    ["sh", "echo $HOME # home", "hljs-comment", "# home"],
    ["json", '{"a": true}', "hljs-attr", '"a"'],
    ["sql", "select 1", "hljs-keyword", "select"],
  ])("has colours: %s", async (language, text, kind, found) => {
    const view = root();
    draw(view, fence(language, text));
    expect(view.querySelector("pre")?.textContent).toBe(text);
    await idle();
    expect(view.querySelector(`.${kind}`)?.textContent).toBe(found);
    expect(view.querySelector("pre")?.textContent).toBe(text);
  });

  it("of a language that nobody knows stays as it is", async () => {
    const view = root();
    draw(view, fence("brainfuck", "def <b>+++</b>"));
    await idle();
    expect(view.querySelector(".line")?.innerHTML).toBe("def &lt;b&gt;+++&lt;/b&gt;");
  });

  it("has line numbers from ten lines up, as no part of its text", () => {
    const lines = Array.from({ length: 10 }, (_, index) => `line ${index}`);
    const [short, long] = [root(), root()];
    draw(short, fence("", ...lines.slice(1)));
    draw(long, fence("", ...lines));
    expect(short.querySelector("code.numbered")).toBeNull();
    expect(long.querySelectorAll("code.numbered .line")).toHaveLength(10);
    expect(long.querySelector("pre")?.textContent).toBe(lines.join("\n"));
  });

  it("wraps its long lines when it is told to", async () => {
    const view = root();
    draw(view, fence("", "x".repeat(300)));
    const button = view.querySelector<HTMLButtonElement>("button[aria-label=Wrap]");
    expect(button?.getAttribute("aria-pressed")).toBe("false");
    button?.click();
    await settled();
    expect(button?.getAttribute("aria-pressed")).toBe("true");
    expect(view.querySelector("code")?.classList.contains("wraps")).toBe(true);
  });

  it("goes into a cell where the page has some in its language", async () => {
    const done: string[] = [];
    let language: string | null = "python";
    let changed = (): void => {};
    offerCells({
      language: () => language,
      onChange(listener) {
        changed = listener;
        return () => {};
      },
      insert: (code) => done.push(`insert ${code}`),
      replace: (code) => done.push(`replace ${code}`),
      run: (code) => done.push(`run ${code}`),
    } as Cells);
    const view = root();
    const buttons = (): HTMLButtonElement[] => [
      ...view.querySelectorAll<HTMLButtonElement>("button[data-act]"),
    ];
    for (const other of ["bash", "text", "json", "output", "pycon"]) {
      draw(view, fence(other, "ls"));
      await idle();
      expect(buttons(), other).toHaveLength(0);
      expect(view.querySelector("button.copy"), other).not.toBeNull();
    }
    draw(view, fence("", "3"));
    await idle();
    expect(
      buttons().map(({ dataset }) => dataset.act),
      "it may be an output",
    ).toEqual(["insert", "replace"]);
    draw(view, fence("py", "1 + 1"));
    await idle();
    for (const button of buttons()) button.click();
    expect(done).toEqual(["insert 1 + 1", "replace 1 + 1", "run 1 + 1"]);
    language = null;
    changed();
    await settled();
    expect(buttons()).toHaveLength(0);
  });

  it("is plain while it grows, coloured once its fence is closed, and its lines stay the same nodes", async () => {
    const view = root();
    const text = `Look:\n\n${fence("python", "import os", "import re")}`;
    const lines: Element[] = [];
    for (let end = 8; end <= text.length; end += 1) {
      draw(view, text.slice(0, end), true);
      const first = view.querySelector(".line");
      if (first?.textContent === "import os\n") lines.push(first);
      if (end === text.length - 4) {
        await idle();
        expect(view.querySelector(".hljs-keyword")).toBeNull();
      }
    }
    expect(new Set(lines).size).toBe(1);
    await idle();
    expect(view.querySelectorAll(".hljs-keyword")).toHaveLength(2);
    draw(view, `${text}\n\nDone.`, false);
    await idle();
    expect(view.querySelectorAll(".hljs-keyword")).toHaveLength(2);
    expect(view.querySelector("pre")?.textContent).toBe("import os\nimport re");
  });

  it("that was broken off has its colours, too", async () => {
    const view = root();
    draw(view, "```python\nimport os");
    await idle();
    expect(view.querySelector(".hljs-keyword")?.textContent).toBe("import");
  });
});

describe("a diagram", () => {
  const Diagram = ({ source, children }: { source: string; children: ComponentChildren }): VNode => (
    <div class="diagram" data-source={source}>
      {children}
    </div>
  );
  const modules: Readonly<Record<string, object>> = { actions, diagram: { Diagram } };
  const drawing = (asked: string[]): Chunks =>
    ({
      signals: signal([]),
      state: (name: string) => signal({ module: modules[name] ?? null, error: null }),
      load: async (name: string) => asked.push(name),
    }) as unknown as Chunks;

  it("is drawn on a click only, with its code at hand, and goes back", async () => {
    const asked: string[] = [];
    const chunks = drawing(asked);
    const view = root();
    const show = (text: string, open: boolean): void =>
      render(
        <ChunksContext.Provider value={chunks}>
          <Markdown text={text} open={open} />
        </ChunksContext.Provider>,
        view,
      );
    const button = (): HTMLButtonElement | undefined =>
      [...view.querySelectorAll("button")].find(({ textContent }) => /diagram|Show/.test(textContent ?? ""));
    show("```mermaid\nflowchart TD", true);
    expect(button()).toBeUndefined();
    show(fence("mermaid", "flowchart TD", " A"), false);
    expect(button()?.textContent).toBe("Draw diagram");
    expect(asked).not.toContain("diagram");
    button()?.click();
    await settled();
    expect(view.querySelector(".diagram")?.getAttribute("data-source")).toBe("flowchart TD\n A");
    expect(view.querySelector(".diagram pre")?.textContent).toBe("flowchart TD\n A");
    expect(button()?.textContent).toBe("Show code");
    button()?.click();
    await settled();
    expect(view.querySelector(".diagram")).toBeNull();
    expect(view.querySelector("pre")?.textContent).toBe("flowchart TD\n A");
  });

  it("is offered for no other language", () => {
    const view = root();
    draw(view, fence("python", "flowchart TD"));
    expect(view.textContent).not.toContain("Draw");
  });
});
