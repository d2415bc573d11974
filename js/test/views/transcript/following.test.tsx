// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, it } from "vitest";
import type { KernelMessage } from "../../../src/kernel/messages";
import { FIRST } from "../../../src/views/transcript/message-window";
import { ADA, answer, question } from "../../support/chat";
import { idle } from "../../support/effects";
import { View } from "../../support/view";

let view: View;

beforeEach(() => {
  view = new View();
});

afterEach(() => view.close());

/** Opens a conversation of `count` messages that are higher than the view, and moves up by the wheel. */
async function readsAbove(count: number): Promise<void> {
  await view.live({ messages: Array.from({ length: count }, (_, seq) => answer(seq, `Message ${seq}`)) });
  const scroller = view.find(".scroller");
  Object.defineProperties(scroller, {
    scrollHeight: { value: 5_000, writable: true },
    clientHeight: { value: 200, writable: true },
    scrollTop: { value: 2_000, writable: true },
  });
  scroller.dispatchEvent(new WheelEvent("wheel", { deltaY: -50 }));
  await view.painted();
  expect(view.root.querySelector(".pill")).not.toBeNull();
}

it("goes to the end with an own message that the hub has before it is drawn", async () => {
  await readsAbove(10);
  view.store.send("Written here.");
  const sent = view.host.sent.flatMap((each) => (each.kind === "send" ? [each.id] : []));
  const message = { ...question(11, "Written here.", ADA), id: sent[0] ?? "" };
  // Both come to the page before its next frame, as when it is busy.
  view.host.push({ kind: "ops", n: 2, ops: [{ op: "message", message }] } as KernelMessage);
  expect(view.store.state().outbox).toEqual([]);
  await view.painted();
  expect(view.text(`[data-message-id="${message.id}"]`)).toContain("Written here.");
  expect(view.root.querySelector(".pill")).toBeNull();
  expect(view.find(".scroller").scrollTop).toBe(5_000);
});

it("stays at the end when a step that draws what is above was planned before the person went there", async () => {
  await readsAbove(FIRST + 200);
  const drawn = view.root.querySelectorAll("article").length;
  expect(drawn).toBeLessThan(FIRST + 200);
  view.find(".pill").click();
  await idle();
  await view.painted();
  expect(view.root.querySelector(".pill")).toBeNull();
});
