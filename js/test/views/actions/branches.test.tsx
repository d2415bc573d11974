// @vitest-environment happy-dom
// ‹ 2/3 ›: from one version to the next, by mouse and by keyboard.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ChatMessage } from "../../../src/contract";
import { ADA, answer, question } from "../../support/chat";
import { button, click } from "../../support/controls";
import { press, View } from "../../support/view";

let view: View;
beforeEach(() => {
  view = new View();
});
afterEach(() => view.close());

const under = (message: ChatMessage, parentId: string): ChatMessage => ({ ...message, parentId });
const shown = (): string[] =>
  [...view.root.querySelectorAll<HTMLElement>("article")].map(({ dataset }) => dataset.messageId ?? "");

/** A question with three answers; what follows hangs on the second. */
const TREE: ChatMessage[] = [
  question(1, "Q", ADA),
  under(answer(2, "First"), "q1"),
  under(answer(3, "Second"), "q1"),
  under(answer(4, "Third"), "q1"),
  under(question(5, "And?", ADA), "a3"),
];

describe("the branches of a message", () => {
  beforeEach(async () => {
    await view.live({ messages: TREE });
    await view.painted();
  });

  it("begin with the one that has the newest message, and say which of how many it is", () => {
    expect(shown()).toEqual(["q1", "a3", "q5"]);
    const group = view.find("[role=group]");
    expect([group.getAttribute("aria-label"), group.textContent]).toEqual(["Branches", "2/3"]);
  });

  it("are gone through, and end at both ends", async () => {
    await click(view, "Next branch");
    expect(shown()).toEqual(["q1", "a4"]);
    expect(button(view.root, "Next branch").disabled).toBe(true);
    await click(view, "Previous branch");
    await click(view, "Previous branch");
    expect(shown()).toEqual(["q1", "a2"]);
    expect(button(view.root, "Previous branch").disabled).toBe(true);
    await click(view, "Next branch");
    expect(shown(), "what follows is there again").toEqual(["q1", "a3", "q5"]);
  });

  it("keep the button under one's hand from one to the next", async () => {
    await click(view, "Previous branch");
    button(view.root, "Next branch").focus();
    await click(view, "Next branch");
    expect(view.root.activeElement).toBe(button(view.root, "Next branch"));
    await click(view, "Next branch");
    expect(shown()).toEqual(["q1", "a4"]);
    expect(view.root.activeElement, "the last has no next: its message").toBe(
      view.find('article[data-message-id="a4"]'),
    );
  });

  it("are still what was chosen after a reload, and a new message goes on from there", async () => {
    await click(view, "Previous branch");
    view.close();
    view = new View();
    await view.live({ messages: TREE });
    await view.painted();
    expect(shown()).toEqual(["q1", "a2"]);
    press(view.type("Go on"), "Enter");
    expect(view.host.all("send")).toMatchObject([{ parentId: "a2" }]);
  });

  it("are one less when one is deleted elsewhere: it stays as what it was", async () => {
    const metadata = { seq: 3, deletedAt: "2026-01-01T00:00:00Z" };
    await view.ops({ op: "message", message: under({ ...answer(3, ""), metadata }, "q1") });
    expect(view.text('[data-message-id="a3"]')).toContain("deleted");
    expect(shown()).toEqual(["q1", "a3", "q5"]);
  });

  it("show an answer that was asked for again as soon as it comes", async () => {
    await click(view, "Previous branch");
    view.store.regenerate("a2");
    await view.ops({ op: "message", message: under(answer(6, "", { status: "streaming" }), "q1") });
    expect(shown()).toEqual(["q1", "a6"]);
  });

  it("do not follow what somebody else asks for while one reads another", async () => {
    await click(view, "Previous branch");
    await view.ops({ op: "message", message: under(question(6, "Elsewhere"), "q5") });
    expect(shown()).toEqual(["q1", "a2"]);
  });

  it("are chosen twice as fast as they are drawn, and no further than they go", async () => {
    const next = button(view.root, "Next branch");
    next.click();
    next.click();
    next.click();
    await view.painted();
    expect(shown()).toEqual(["q1", "a4"]);
  });
});

it("a branch that a message names which is not there stands at the beginning", async () => {
  await view.live({ messages: [under(question(1, "Q"), "gone"), under(question(2, "R"), "gone too")] });
  await view.painted();
  expect(shown()).toEqual(["q2"]);
  await click(view, "Previous branch");
  expect(shown()).toEqual(["q1"]);
});
