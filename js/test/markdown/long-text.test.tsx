// @vitest-environment happy-dom

import { options, render } from "preact";
import { expect, it, vi } from "vitest";
import { whenIdle } from "../../src/drawing/idle";
import * as lexer from "../../src/markdown/lexing/lexer";
import { OpenBlocks } from "../../src/markdown/lexing/open-blocks";
import { Markdown } from "../../src/markdown/markdown";
import { until } from "../support/until";

const original = OpenBlocks.prototype.update;

it("keeps every element of a long text while it grows, and when it ends", () => {
  const root = document.createElement("div");
  const blocks = Array.from({ length: 60 }, (_, number) => `Paragraph ${number}.`);
  let before: Element[] = [];
  for (let count = 1; count <= blocks.length; count += 1) {
    render(<Markdown text={blocks.slice(0, count).join("\n\n")} open />, root);
    const now = [...root.querySelectorAll("p")];
    expect(now.slice(0, before.length)).toEqual(before);
    expect(now.every((element, index) => index >= before.length || element === before[index])).toBe(true);
    before = now;
  }
  render(<Markdown text={blocks.join("\n\n")} />, root);
  const after = [...root.querySelectorAll("p")];
  expect(after.length).toBe(60);
  expect(after.every((element, index) => element === before[index])).toBe(true);
});

it.each([
  ["a part of eight paragraphs", 8, (count: number) => "A *long* text.\n\n".repeat(count)],
  ["a line of code", 1, (count: number) => `\`\`\`python\n${"step(1)\n".repeat(count)}`],
])("looks at %s that has ended once in a frame, and not at what is in it", (_, each, written) => {
  const compared = (count: number): number => {
    const root = document.createElement("div");
    const before = options.diffed ?? (() => {});
    let nodes = 0;
    render(<Markdown text={written(count)} open />, root);
    options.diffed = (node) => {
      nodes += 1;
      before(node);
    };
    render(<Markdown text={`${written(count)}one`} open />, root);
    options.diffed = before;
    return nodes;
  };
  expect(compared(320) - compared(160)).toBe(160 / each);
});

it("reads again, after its end, what a definition below makes a link", async () => {
  const root = document.createElement("div");
  const text = "See [the method].\n\nMore.\n\n[the method]: https://example.com/cg\n\nEnd.";
  render(<Markdown text={text.slice(0, 25)} open />, root);
  render(<Markdown text={text} open />, root);
  expect(root.querySelector("p")?.querySelector("a")).toBeNull();
  render(<Markdown text={text} />, root);
  await until(() => {
    expect(root.querySelector("p")?.querySelector("a")?.textContent).toBe("the method");
  });
});

it("reads texts that end together one after the other, each when there is time", async () => {
  await new Promise<void>((done) => whenIdle(done)); // what other texts have left is done
  const idle: (() => void)[] = [];
  vi.stubGlobal("requestIdleCallback", (job: () => void) => idle.push(job));
  vi.spyOn(lexer, "lex");
  try {
    const roots = [0, 1, 2].map(() => document.createElement("div"));
    const text = "One.\n\nTwo, with *weight*.\n\nThree.";
    const draw = (open: boolean): void => {
      for (const [number, root] of roots.entries())
        render(<Markdown text={`${text} ${number}`} open={open} />, root);
    };
    const wholes = (): number =>
      vi.mocked(lexer.lex).mock.calls.filter(([source]) => source.startsWith(text)).length;
    draw(true);
    await until(() => expect(roots.every((root) => root.textContent?.includes("Three."))).toBe(true));
    vi.mocked(lexer.lex).mockClear();
    draw(false);
    expect(wholes()).toBe(0);
    expect(roots.map((root) => root.querySelectorAll("p").length)).toEqual([3, 3, 3]);
    for (let read = 1; read <= roots.length; read += 1) {
      // What else is done when there is time lays out what was left out.
      await until(() => {
        idle.shift()?.();
        expect(wholes()).toBe(read);
      });
    }
  } finally {
    for (const job of idle) job();
    vi.unstubAllGlobals();
  }
});

it("stands in parts, none of which is left out of the layout once it has ended", async () => {
  const root = document.createElement("div");
  const text = Array.from({ length: 60 }, (_, number) => `Paragraph ${number}.`).join("\n\n");
  render(<Markdown text={text} open />, root);
  const markdown = root.querySelector<HTMLElement>(".markdown.grown");
  expect(markdown?.querySelectorAll(".part").length).toBeGreaterThan(5);
  render(<Markdown text={text} />, root);
  const pieces = [...(markdown?.children ?? [])] as HTMLElement[];
  await until(() => {
    expect(pieces.every(({ style }) => style.contentVisibility === "visible")).toBe(true);
  });
});

it("keeps no blocks once it has ended, and may grow again", async () => {
  const made: WeakRef<OpenBlocks>[] = [];
  const update = vi.spyOn(OpenBlocks.prototype, "update").mockImplementation(function (
    this: OpenBlocks,
    text,
  ) {
    made.push(new WeakRef(this));
    return original.call(this, text);
  });
  const root = document.createElement("div");
  render(<Markdown text={"One.\n\nTwo."} open />, root);
  render(<Markdown text={"One.\n\nTwo."} />, root);
  const piece = root.querySelector<HTMLElement>(".markdown.grown")?.firstElementChild as HTMLElement;
  await until(() => expect(piece.style.contentVisibility).toBe("visible"));
  render(<Markdown text={"One.\n\nTwo.\n\nThree."} open />, root);
  expect(made.at(-1)?.deref()).not.toBe(made[0]?.deref());
  render(<Markdown text={"One.\n\nTwo.\n\nThree."} />, root);
  expect([...root.querySelectorAll("p")].map((each) => each.textContent)).toEqual(["One.", "Two.", "Three."]);
  update.mockRestore();
});
