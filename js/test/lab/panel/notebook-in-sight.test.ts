// @vitest-environment happy-dom
import { beforeEach, describe, expect, it } from "vitest";
import type { NotebookTracker } from "../../../src/lab/cells/notebook";
import { notebookInSight } from "../../../src/lab/notebook-in-sight";
import { FakeTracker } from "../../support/lab/pieces";

const asTracker = (tracker: FakeTracker): NotebookTracker => tracker as unknown as NotebookTracker;

describe("the notebook in sight", () => {
  let tracker: FakeTracker;
  let changes: string[];
  let life: AbortController;

  beforeEach(() => {
    [tracker, changes, life] = [new FakeTracker(), [], new AbortController()];
  });
  const followed = (): void => {
    const inSight = notebookInSight(asTracker(tracker));
    inSight.onChange(() => changes.push(inSight.path()), life.signal);
  };

  it("is none in a page without notebooks, and with none open", () => {
    expect(notebookInSight(null).path()).toBe("");
    expect(notebookInSight(undefined).path()).toBe("");
    expect(notebookInSight(asTracker(tracker)).path()).toBe("");
  });

  it("is told when another one comes into sight, is renamed, and when the last one goes", () => {
    followed();
    tracker.open("a.ipynb");
    tracker.rename("b.ipynb");
    tracker.show(null);
    expect(changes).toEqual(["a.ipynb", "b.ipynb", ""]);
  });

  it("is told of a new name also where the notebook was in sight before anybody asked", () => {
    tracker.open("a.ipynb");
    followed();
    tracker.rename("b.ipynb");
    expect(changes).toEqual(["b.ipynb"]);
  });

  it("is not told of what happens to a notebook out of sight", () => {
    followed();
    const first = tracker.open("a.ipynb");
    tracker.open("b.ipynb");
    first.context.pathChanged.emit("c.ipynb");
    expect(changes).toEqual(["a.ipynb", "b.ipynb"]);
  });

  it("holds on to no notebook but the one in sight, however often they take turns", () => {
    followed();
    const [first, second] = [tracker.open("a.ipynb"), tracker.open("b.ipynb")];
    for (let turn = 0; turn < 100; turn += 1) tracker.show(turn % 2 ? second : first);
    expect([first, second].map(({ context }) => context.pathChanged.slots.size)).toEqual([0, 1]);
    tracker.show(null);
    expect(second.context.pathChanged.slots.size).toBe(0);
  });

  it("does without the signal where a notebook has none", () => {
    followed();
    tracker.show({ context: { path: "old.ipynb" } });
    expect(changes).toEqual(["old.ipynb"]);
  });

  it("tells nobody who has left, nor one who left before asking", () => {
    followed();
    life.abort();
    followed();
    tracker.open("a.ipynb");
    expect(changes).toEqual([]);
  });
});
