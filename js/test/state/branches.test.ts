import { describe, expect, it } from "vitest";
import vectors from "../../../tests/vectors/branches.json";
import type { ChatMessage } from "../../src/contract";
import { branchesOf, parentToName } from "../../src/state/branches";
import { quickestOf } from "../support/quickest";

interface Written {
  id: string;
  parentId?: string;
  editOf?: string;
}

function made({ id, parentId, editOf }: Written, index: number): ChatMessage {
  const metadata = { seq: index + 1, ...(editOf && { editOf }) };
  return { id, role: "user", content: id, ...(parentId && { parentId }), metadata };
}

describe("the shared vectors", () => {
  it.each(vectors.cases)("$name", ({ messages: written, choices, shown, siblings, continues }) => {
    const messages = (written as Written[]).map(made);
    const found = branchesOf(messages, choices as Record<string, string>);
    expect(found.shown.map(({ id }) => id)).toEqual(shown);
    expect([...found.siblings]).toEqual(Object.entries(siblings));
    expect(parentToName(found, messages)).toBe(continues);
  });
});

it("gives the list itself where there are no branches: nothing is drawn again", () => {
  const messages = [{ id: "q" }, { id: "a", parentId: "q" }].map(made);
  expect(branchesOf(messages, {}).shown).toBe(messages);
});

it("shows a path of the tree, whatever was written and chosen", () => {
  let seed = 7;
  const below = (limit: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return seed % limit;
  };
  for (let round = 0; round < 300; round += 1) {
    const count = 1 + below(30);
    const written = Array.from({ length: count }, (_, index): Written => {
      const other = `m${below(count + 2)}`;
      return [{}, {}, { parentId: other }, { editOf: other }].map((each) => ({ id: `m${index}`, ...each }))[
        below(4)
      ] as Written;
    });
    const messages = written.map(made);
    const choices = Object.fromEntries(
      Array.from({ length: 5 }, () => [`m${below(count)}`, `m${below(count)}`]),
    );
    const { shown, siblings, parents } = branchesOf(messages, choices);
    const places = shown.map((message) => messages.indexOf(message));
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(shown.length).toBeGreaterThan(0);
    for (const [index, message] of shown.entries()) {
      if (parents.size > 0) expect(parents.get(message.id)).toBe(shown[index - 1]?.id ?? "");
      const others = siblings.get(message.id);
      if (others) expect(others).toContain(message.id);
    }
  }
});

it("reaches every message of a tree by choosing", () => {
  const messages = [
    { id: "q" },
    { id: "a", parentId: "q" },
    { id: "b", parentId: "q" },
    { id: "c", parentId: "a" },
    { id: "d", parentId: "a" },
  ].map(made);
  const seen = new Set<string>();
  const look = (choices: Record<string, string>, depth: number): void => {
    const { shown, siblings, parents } = branchesOf(messages, choices);
    for (const { id } of shown) seen.add(id);
    if (depth === 0) return;
    for (const [id, others] of siblings)
      for (const other of others) look({ ...choices, [parents.get(id) ?? ""]: other }, depth - 1);
  };
  look({}, 3);
  expect([...seen].sort()).toEqual(["a", "b", "c", "d", "q"]);
});

it("takes time in proportion to the messages, ten thousand of them in less than a frame or two", () => {
  const tree = (count: number): ChatMessage[] =>
    Array.from({ length: count }, (_, index): Written => {
      const parentId = index % 3 === 2 ? `m${index - 2}` : `m${index - 1}`;
      return { id: `m${index}`, ...(index > 0 && { parentId }) };
    }).map(made);
  const timeOf = (messages: ChatMessage[]): number =>
    quickestOf(15, () => {
      const from = performance.now();
      branchesOf(messages, { m0: "m1" });
      return performance.now() - from;
    });
  const [few, many] = [tree(1_000), tree(10_000)];
  timeOf(few);
  expect(timeOf(many)).toBeLessThan(Math.max(30, 40 * timeOf(few)));
});
