// @vitest-environment happy-dom
import { render } from "preact";
import { expect, it, vi } from "vitest";
import { Markdown } from "../../src/markdown/markdown";

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

it("reads again at its end what a definition below makes a link", () => {
  const root = document.createElement("div");
  const text = "See [the method].\n\nMore.\n\n[the method]: https://example.com/cg\n\nEnd.";
  render(<Markdown text={text.slice(0, 25)} open />, root);
  render(<Markdown text={text} open />, root);
  expect(root.querySelector("p")?.querySelector("a")).toBeNull();
  render(<Markdown text={text} />, root);
  expect(root.querySelector("p")?.querySelector("a")?.textContent).toBe("the method");
});

it("stands in parts, none of which is left out of the layout once it has ended", async () => {
  const root = document.createElement("div");
  const text = Array.from({ length: 60 }, (_, number) => `Paragraph ${number}.`).join("\n\n");
  render(<Markdown text={text} open />, root);
  const markdown = root.querySelector<HTMLElement>(".markdown.grown");
  expect(markdown?.querySelectorAll(".part").length).toBeGreaterThan(5);
  render(<Markdown text={text} />, root);
  const pieces = [...(markdown?.children ?? [])] as HTMLElement[];
  await vi.waitFor(() => {
    expect(pieces.every(({ style }) => style.contentVisibility === "visible")).toBe(true);
  }, 10_000);
});
