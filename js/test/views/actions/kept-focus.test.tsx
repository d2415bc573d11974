// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { answer, question } from "../../support/chat";
import { View } from "../../support/view";

let view: View;
beforeEach(() => {
  view = new View();
});
afterEach(() => view.close());

const field = (): HTMLTextAreaElement => view.find<HTMLTextAreaElement>("textarea");

/** Has the focus on an element, as a click or the keyboard brings it there. */
function focus<E extends HTMLElement>(element: E): E {
  element.focus();
  expect(view.root.activeElement).toBe(element);
  return element;
}

describe("the focus of what goes", () => {
  it("is in the field when the answer ends that Stop belonged to", async () => {
    await view.live({ messages: [question(1, "Q"), answer(2, "", { status: "streaming" })] });
    await view.painted();
    focus(view.find("button.stop"));
    await view.live({ messages: [question(1, "Q"), answer(2, "Done.", {})] });
    await view.painted();
    expect(view.root.querySelector("button.stop")).toBeNull();
    expect(view.root.activeElement).toBe(field());
  });

  it("is at the message that Undo brings back", async () => {
    await view.live({ messages: [question(1, "Q"), answer(2, "A", {})] });
    await view.painted();
    view.store.remove("a2");
    await view.painted();
    focus(view.find(".gone button")).click();
    await view.painted();
    expect(view.root.querySelector(".gone")).toBeNull();
    expect(view.root.activeElement).toBe(view.find('article[data-message-id="a2"]'));
  });

  it("is at the branch that another one replaces", async () => {
    const first = answer(2, "A", {});
    await view.live({ messages: [question(1, "Q"), { ...first, parentId: "q1" }] });
    await view.painted();
    focus(view.find('article[data-message-id="a2"]'));
    const second = { ...answer(3, "", { status: "streaming" }), parentId: "q1" };
    await view.live({ messages: [question(1, "Q"), { ...first, parentId: "q1" }, second] });
    await view.painted();
    expect(view.root.querySelector('article[data-message-id="a2"]')).toBeNull();
    expect(view.root.activeElement).toBe(view.find('article[data-message-id="a3"]'));
  });

  it("is not called back to a chat that was left", async () => {
    await view.live({ messages: [question(1, "Q"), answer(2, "", { status: "streaming" })] });
    await view.painted();
    focus(view.find("button.stop")).blur();
    await view.painted();
    await view.live({ messages: [question(1, "Q"), answer(2, "Done.", {})] });
    await view.painted();
    expect(view.root.activeElement).toBeNull();
  });
});
