// @vitest-environment happy-dom
import { signal } from "@preact/signals";
import { render } from "preact";
import { afterEach, expect, it } from "vitest";
import vectors from "../../../tests/vectors/footnotes.json";
import * as footnotes from "../../src/chunks/drawing/footnotes";
import type { Chunks } from "../../src/lazy/chunks";
import { ChunksContext } from "../../src/lazy/lazy";
import { Markdown } from "../../src/markdown/markdown";

const state = (name: string) => signal({ module: name === "footnotes" ? footnotes : null, error: null });
const loaded = { styles: signal([]), state, load: async () => footnotes } as unknown as Chunks;
const root = document.createElement("div");

afterEach(() => render(null, root));

function draw(text: string, open = false, chunks: Chunks | null = loaded) {
  render(
    <ChunksContext.Provider value={chunks}>
      <Markdown text={text} open={open} />
    </ChunksContext.Provider>,
    root,
  );
  return root.querySelector(".markdown") as HTMLElement;
}

/** The text of an element, a reference as (n), without the ways back and the buttons of code. */
function words(element: Element): string {
  const copy = element.cloneNode(true) as Element;
  for (const each of copy.querySelectorAll(".back, figcaption, .footnotes")) each.remove();
  for (const each of copy.querySelectorAll("[data-reference]")) each.textContent = `(${each.textContent})`;
  return copy.textContent?.replace(/\n+$/, "") ?? "";
}

it.each(vectors.texts)("puts the notes at the end: $text", ({ text, body, notes }) => {
  const view = draw(text);
  expect(words(view)).toBe(body);
  expect([...view.querySelectorAll(".footnotes > li")].map(words)).toEqual(notes);
});

it("shows what was written where its chunk cannot come", () => {
  expect(draw("Sun[^1].\n\n[^1]: A star.", false, null).textContent).toBe("Sun[^1].[^1]: A star.");
});

it("leads from a reference to its note and back, inside its own message", () => {
  document.body.append(root);
  const view = draw("Sun[^1].\n\n[^1]: A star.");
  const reference = view.querySelector<HTMLButtonElement>("[data-reference]");
  const note = view.querySelector<HTMLElement>("[data-note]");
  reference?.click();
  expect(document.activeElement).toBe(note);
  note?.querySelector("button")?.click();
  expect(document.activeElement).toBe(reference);
  expect(view.querySelector("a")).toBeNull();
  root.remove();
});

it.each(vectors.texts.filter(({ notes }) => notes.length > 0))(
  "shows no half of a mark while it grows, and changes no number: $text",
  ({ text }) => {
    const seen = new Map<string, Element | null>();
    for (let end = 1; end <= text.length; end += 1) {
      const view = draw(text.slice(0, end), true);
      expect(view.textContent, text.slice(0, end)).not.toMatch(/\[\^[^\]]*$/);
      const first = view.querySelector("[data-reference]");
      if (first) expect(seen.get("first") ?? first, "an element that was drawn stays").toBe(first);
      if (first) seen.set("first", first);
    }
    const first = seen.get("first");
    const view = draw(text);
    if (!text.includes("[^x]")) expect(view.querySelector("[data-reference]")).toBe(first);
  },
);
