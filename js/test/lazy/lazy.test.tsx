// @vitest-environment happy-dom

import { signal } from "@preact/signals";
import { type ComponentChildren, render } from "preact";
import { expect, it, vi } from "vitest";
import type { ChunkState, Chunks } from "../../src/lazy/chunks";
import { ChunksContext, Lazy } from "../../src/lazy/lazy";
import { effectsRun } from "../support/effects";

type Colour = typeof import("../../src/chunks/drawing/code");

const MODULE = { colour: () => [[{ text: "drawn", kind: "" }]] } as unknown as Colour;

function show(load: () => Promise<unknown>, state: ChunkState<Colour>) {
  const current = signal(state);
  const chunks = { styles: signal([]), state: () => current, load: vi.fn(load) } as unknown as Chunks;
  const root = document.createElement("div");
  const view = (children: ComponentChildren) => (
    <ChunksContext.Provider value={chunks}>{children}</ChunksContext.Provider>
  );
  render(
    view(
      <Lazy chunk="code" waiting={<i>…</i>}>
        {({ colour }) => <b>{colour("", "")?.[0]?.[0]?.text}</b>}
      </Lazy>,
    ),
    root,
  );
  return { root, current, load: chunks.load };
}

it("holds the place while its chunk is on its way, then draws with it", async () => {
  const { root, current, load } = show(() => new Promise(() => {}), { module: null, error: null });
  await effectsRun();
  expect(root.innerHTML).toBe("<i>…</i>");
  expect(load).toHaveBeenCalledWith("code");
  current.value = { module: MODULE, error: null };
  await effectsRun();
  expect(root.innerHTML).toBe("<b>drawn</b>");
});

it("says in one line why there is nothing, and tries again when it is asked to", async () => {
  const { root, current, load } = show(() => Promise.reject(new Error("no")), {
    module: null,
    error: "The kernel was shut down.",
  });
  await effectsRun();
  expect(root.querySelector('[role="alert"]')?.textContent).toBe(
    "This part could not be loaded. The kernel was shut down. Try again",
  );
  expect(load).not.toHaveBeenCalled();
  root.querySelector("button")?.click();
  expect(load).toHaveBeenCalledTimes(1);
  current.value = { module: MODULE, error: null };
  await effectsRun();
  expect(root.innerHTML).toBe("<b>drawn</b>");
});
