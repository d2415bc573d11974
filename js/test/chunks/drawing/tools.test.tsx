// @vitest-environment happy-dom
import { render } from "preact";
import { expect, it } from "vitest";
import { ToolCalls } from "../../../src/chunks/drawing/tools";

function draw(...calls: unknown[]): HTMLElement {
  const root = document.createElement("div");
  render(<ToolCalls calls={calls} />, root);
  return root;
}

const texts = (root: Element, selector: string) =>
  [...root.querySelectorAll(selector)].map((e) => e.textContent);

it("is a folded row with the tool's name and how long it took", () => {
  const root = draw(
    { id: "1", name: "weather", arguments: '{"city":"Paris"}', result: "18 °C", duration: 320 },
    { id: "2", name: "search", arguments: "", result: { hits: 2 }, duration: 2_460 },
  );
  expect(texts(root, "summary code")).toEqual(["weather", "search"]);
  expect(texts(root, ".duration")).toEqual(["320 ms", "2.5 s"]);
  expect(root.querySelector("details[open]")).toBeNull();
  expect(texts(root, "pre")).toEqual(['{\n  "city": "Paris"\n}', "18 °C", "(nothing)", '{\n  "hits": 2\n}']);
});

it("says that no result is known, and what failed", () => {
  const root = draw({ name: "open" }, { name: "run", arguments: "{", error: "No such file." });
  expect(texts(root, "details:first-of-type p")).toContain("No result is known.");
  expect(texts(root, ".failed")).toEqual(["failed"]);
  expect(texts(root, "pre").slice(-2)).toEqual(["{", "No such file."]);
});

it("draws whatever else is there as text, and no more than one reads", () => {
  const root = draw(null, 7, "x", {
    name: "<img src=x onerror=alert(1)>",
    arguments: "a".repeat(50_000),
    duration: Number.NaN,
  });
  expect(root.querySelectorAll("li")).toHaveLength(4);
  expect(root.querySelector("img, .duration")).toBeNull();
  expect(texts(root, "summary code").slice(0, 3)).toEqual(["A tool", "A tool", "A tool"]);
  expect(texts(root, "pre").at(-1)?.length).toBe(20_001);
});
