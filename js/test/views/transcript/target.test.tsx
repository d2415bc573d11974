// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, it } from "vitest";
import { answer } from "../../support/chat";
import { settled } from "../../support/fake-clock";
import { View } from "../../support/view";

let view: View;

beforeEach(async () => {
  view = new View();
  await view.live({ messages: Array.from({ length: 400 }, (_, seq) => answer(seq, `Message ${seq}`)) });
});

afterEach(() => view.close());

const message = (id: string): HTMLElement | null =>
  view.root.querySelector<HTMLElement>(`[data-message-id="${id}"]`);

it("draws what is looked for, marked and with the focus, before the next frame", async () => {
  expect(message("a7")).toBeNull();
  view.store.show("a7");
  await settled();
  expect(message("a7")?.classList.contains("found")).toBe(true);
  expect(view.root.activeElement).toBe(message("a7"));
  expect(view.root.querySelectorAll("article").length).toBeLessThan(100);
  expect(view.store.target.value).toBeNull();
});

it("marks it for a moment only, also where it was drawn already", async () => {
  for (const id of ["a7", "a8", "a399"]) {
    view.store.show(id);
    await view.painted();
    expect(message(id)?.classList.contains("found")).toBe(true);
    await view.pass(2_000);
    expect(message(id)?.classList.contains("found")).toBe(false);
  }
});
