// @vitest-environment happy-dom
import { render } from "preact";
import { expect, it } from "vitest";
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
