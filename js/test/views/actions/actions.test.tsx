// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ChatMessage, ConversationSettings } from "../../../src/contract";
import { ADA, answer, BO, question } from "../../support/chat";
import { press, View } from "../../support/view";

const SETTINGS: Omit<ConversationSettings, "title"> = {
  ...{ conversationId: "team", visibility: "open", assistant: "always", role: "owner" },
};
let view: View;

beforeEach(() => {
  view = new View();
});

afterEach(() => view.close());

const article = (id: string) => view.find(`article[data-message-id=${id}]`);
const buttons = (place: ParentNode) =>
  [...place.querySelectorAll("button")].map((each) => each.getAttribute("aria-label") ?? each.textContent);
const told = (kind: string) => view.host.sent.filter((each) => each.kind === kind);
const requestId = (sent: object | undefined) => String((sent as { requestId?: string }).requestId);
const focused = () => view.root.activeElement;

function named(place: ParentNode, name: string): HTMLButtonElement {
  const found = [...place.querySelectorAll("button")].find(
    (each) => (each.getAttribute("aria-label") ?? each.textContent) === name,
  );
  if (!found) throw new Error(`no button ${name}`);
  return found;
}

async function click(place: ParentNode, name: string): Promise<void> {
  named(place, name).click();
  await view.painted();
}

async function key(name: string): Promise<void> {
  const target = focused();
  if (!(target instanceof HTMLElement)) throw new Error("nothing has the focus");
  press(target, name);
  await view.painted();
}

/** Looks at a message with the keyboard. */
async function lookAt(id: string): Promise<HTMLElement> {
  article(id).focus();
  await view.painted();
  return article(id);
}

const withParent = (message: ChatMessage, parentId: string): ChatMessage => ({ ...message, parentId });

describe("the toolbar", () => {
  it("is there for the message looked at alone, with what its viewer may do", async () => {
    await view.live({ messages: [question(1, "Mine", ADA), question(2, "Theirs", BO), answer(3, "Words")] });
    expect(view.root.querySelectorAll("[role=toolbar]")).toHaveLength(0);
    expect(buttons(await lookAt("q1"))).toEqual(["Copy", "Reply", "Edit", "Delete", "React", "More"]);
    expect(buttons(await lookAt("q2"))).toEqual(["Copy", "Reply", "React", "More"]);
    const bar = (await lookAt("a3")).querySelector("[role=toolbar]") as HTMLElement;
    expect(buttons(bar)).toEqual(["Copy", "Reply", "Regenerate", "React", "More"]);
    expect(view.root.querySelectorAll("[role=toolbar]")).toHaveLength(1);
  });

  it("keeps the focus when something is chosen in its menu", async () => {
    const conversation = { ...SETTINGS, title: null };
    await view.live({ conversation, messages: [question(1, "Mine", ADA)] });
    const mine = await lookAt("q1");
    await click(mine, "More");
    const item = [...mine.querySelectorAll<HTMLElement>("[role=menuitem]")].find(
      (each) => each.textContent === "Pin",
    );
    item?.focus();
    item?.click();
    await view.painted();
    expect(told("pin")).toHaveLength(1);
    expect(focused()?.getAttribute("aria-label")).toBe("More");
    const remove = named(mine, "Delete");
    remove.focus();
    remove.click();
    await view.painted();
    expect(focused()).toBe(article("q1"));
    expect(article("q1").className).toContain("gone");
  });

  it("lets people delete the answers to what they asked", async () => {
    const theirs = withParent(answer(4, "Theirs"), "q3");
    const mine = withParent(answer(2, "Mine"), "q1");
    await view.live({ messages: [question(1, "?", ADA), mine, question(3, "?", BO), theirs] });
    expect(buttons(await lookAt("a2"))).toContain("Delete");
    expect(buttons(await lookAt("a4"))).not.toContain("Delete");
  });

  it("goes from button to button with arrow keys, and back with Escape", async () => {
    await view.live({ messages: [question(1, "Theirs", BO)] });
    const theirs = await lookAt("q1");
    await key("Enter");
    expect(focused()).toBe(named(theirs, "Copy"));
    await key("ArrowLeft");
    expect(focused()).toBe(named(theirs, "More"));
    await key("ArrowRight");
    await key("ArrowRight");
    expect(focused()).toBe(named(theirs, "Reply"));
    await key("Escape");
    expect(focused()).toBe(theirs);
  });

  it("comes before the buttons of an answer's code", async () => {
    await view.live({ messages: [answer(1, "```py\nx\n```")] });
    const theirs = await lookAt("a1");
    await key("Enter");
    expect(focused()).toBe(named(theirs.querySelector("[role=toolbar]") as HTMLElement, "Copy"));
  });
});

describe("the menu", () => {
  it("has everything, is walked with arrow keys, and gives the focus back", async () => {
    await view.live({ messages: [question(1, "Mine\n```py\nx\n```", ADA)] });
    const mine = await lookAt("q1");
    await click(mine, "More");
    const items = [...mine.querySelectorAll("[role=menuitem]")];
    expect(items.map((each) => each.textContent)).toEqual(
      ["React", "Copy", "Reply", "Edit", "Delete", "Copy code", "Copy as a cell"], //
    );
    expect(focused()).toBe(items[0]);
    await key("ArrowUp");
    expect(focused()).toBe(items.at(-1));
    await key("Home");
    await key("ArrowDown");
    expect(focused()).toBe(items[1]);
    await key("Escape");
    expect(mine.querySelector("[role=menu]")).toBeNull();
    expect(focused()).toBe(named(mine, "More"));
  });

  it.each([
    [400, 300, true],
    [400, 30, false],
    [900, 300, false],
  ])("opens towards the room: view to %i px, toolbar at %i px", async (end, at, above) => {
    await view.live({ messages: [question(1, "Mine", ADA)] });
    const mine = await lookAt("q1");
    const bar = mine.querySelector("[role=toolbar]") as HTMLElement;
    view.find(".scroller").getBoundingClientRect = () => new DOMRect(0, 0, 300, end);
    bar.getBoundingClientRect = () => new DOMRect(0, at, 100, 28);
    Object.defineProperty(HTMLElement.prototype, "offsetHeight", { configurable: true, get: () => 250 });
    try {
      await click(mine, "More");
      expect(mine.querySelector("[role=menu]")).not.toBeNull();
      expect(bar.classList.contains("above")).toBe(above);
      const room = Number.parseFloat(bar.style.getPropertyValue("--room"));
      expect(room).toBe(above ? at - 4 : end - at - 32);
    } finally {
      Reflect.deleteProperty(HTMLElement.prototype, "offsetHeight");
    }
  });
});

describe("editing", () => {
  async function edit(text: string): Promise<HTMLTextAreaElement> {
    await view.live({ messages: [question(1, "Mien", ADA)] });
    await click(await lookAt("q1"), "Edit");
    const field = view.find<HTMLTextAreaElement>(".editing textarea");
    expect(focused()).toBe(field);
    expect(field.value).toBe("Mien");
    field.value = text;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    await view.painted();
    return field;
  }

  it("sends the new text with Enter, and stays with the reason when it is refused", async () => {
    press(await edit("Mine"), "Enter");
    await view.painted();
    const [sent] = told("edit");
    expect(sent).toMatchObject({ messageId: "q1", text: "Mine" });
    await view.hear({
      kind: "reply",
      requestId: requestId(sent),
      ok: false,
      error: { message: "Deleted." },
    } as never);
    expect(view.text(".editing [role=alert]")).toBe("Deleted.");
    await click(view.root, "Save");
    const again = told("edit").at(-1);
    await view.hear({ kind: "reply", requestId: requestId(again), ok: true, result: null } as never);
    expect(view.root.querySelector(".editing")).toBeNull();
  });

  it("ends with Escape, and sends nothing that is empty or the same", async () => {
    const field = await edit("   ");
    press(field, "Enter");
    await view.painted();
    field.value = "Mien";
    field.dispatchEvent(new Event("input", { bubbles: true }));
    press(field, "Escape");
    await view.painted();
    expect(view.root.querySelector(".editing")).toBeNull();
    expect(told("edit")).toEqual([]);
    expect(view.text("article .bubble")).toBe("Mien");
  });
});

describe("the keyboard in the transcript", () => {
  it("goes from message to message", async () => {
    await view.live({ messages: [question(1, "1"), answer(2, "2"), question(3, "3")] });
    view.find(".scroller").getBoundingClientRect = () => new DOMRect(0, 0, 300, 400);
    view.find(".scroller").focus();
    await key("Enter");
    expect(focused()).toBe(article("q3"));
    await key("ArrowUp");
    expect(focused()).toBe(article("a2"));
    await key("Home");
    expect(focused()).toBe(article("q1"));
    await key("ArrowDown");
    expect(focused()).toBe(article("a2"));
    await key("End");
    expect(focused()).toBe(article("q3"));
    await key("Escape");
    expect(focused()).toBe(view.find(".scroller"));
  });
});

describe("reactions", () => {
  it("name who gave them; pressed, one's own is given or taken back", async () => {
    const reactions = { "👍": ["bo"], "🎉": ["ada", "bo"] };
    await view.live({ messages: [answer(1, "Words", { reactions } as never)] });
    const [thumb, party] = [...view.root.querySelectorAll<HTMLElement>(".reaction")];
    expect(thumb?.getAttribute("aria-label")).toBe("Bo reacted with 👍");
    expect([thumb, party].map((each) => each?.getAttribute("aria-pressed"))).toEqual(["false", "true"]);
    thumb?.click();
    party?.click();
    expect(told("react")).toMatchObject([
      { messageId: "a1", emoji: "👍", on: true },
      { messageId: "a1", emoji: "🎉", on: false },
    ]);
  });
});

describe("a quote", () => {
  it("says what a message answers, and leads there", async () => {
    const reply = question(3, "Why?", ADA);
    await view.live({
      messages: [
        question(1, "**Is** it?", BO),
        answer(2, "Yes"),
        { ...reply, metadata: { ...reply.metadata, replyTo: "q1" } },
      ],
    });
    expect(view.text(".quote")).toBe("In reply to Bo: Is it?");
    view.find(".quote").click();
    await view.painted();
    expect(focused()).toBe(article("q1"));
  });
});

describe("Retry", () => {
  it("counts down to the time the provider named, then asks again", async () => {
    const at = new Date(view.clock.now()).toISOString();
    const failed = {
      ...answer(1, "", { status: "error", timestamp: at }),
      error: { type: "rate_limit", recoverable: true, retryAfter: 12 } as const,
    };
    await view.live({ messages: [failed] });
    const retry = view.find<HTMLButtonElement>(".retry");
    expect([retry.textContent, retry.disabled]).toEqual(["Retry in 12 s", true]);
    await view.pass(7_000);
    expect(retry.textContent).toMatch(/^Retry in [45] s$/);
    await view.pass(6_000);
    expect([retry.textContent, retry.disabled]).toEqual(["Retry", false]);
    retry.click();
    expect(told("regenerate")).toMatchObject([{ messageId: "a1" }]);
  });
});

describe("a text that is being edited", () => {
  const mine = question(1, "Mine", ADA);
  const field = (): HTMLTextAreaElement | null => view.root.querySelector(".editing textarea");
  const gone = {
    ...mine,
    content: "",
    metadata: { seq: 1, deletedAt: "2026-01-01T00:00:00Z", deletedBy: "bo" },
  };

  async function edit(words: string): Promise<void> {
    view.store.editing.value = "q1";
    await view.painted();
    const area = field();
    if (!area) throw new Error("no form");
    area.value = words;
    area.dispatchEvent(new Event("input", { bubbles: true }));
    await view.painted();
  }

  it("goes on in the composer when somebody deletes the message", async () => {
    await view.live({ messages: [mine] });
    view.store.draft.value = "half a thought";
    await edit("what I meant");
    await view.ops({ op: "message", message: gone });
    expect(field()).toBeNull();
    expect(view.store.draft.value).toBe("half a thought\n\nwhat I meant");
    expect(view.store.editing.value).toBeNull();
  });

  it("is there again when the message comes back into view, and not after it was put away", async () => {
    await view.live({ messages: [mine] });
    await edit("what I meant");
    await view.live({ messages: [question(9, "Another branch")] });
    expect(field()).toBeNull();
    await view.live({ messages: [mine] });
    await view.painted();
    expect(field()?.value).toBe("what I meant");
    press(field() as HTMLTextAreaElement, "Escape");
    await view.painted();
    view.store.editing.value = "q1";
    await view.painted();
    expect(field()?.value).toBe("Mine");
  });

  it("is there again after a reload or with another kernel, for whom typed it, and not once it is put away", async () => {
    const again = async (): Promise<string | undefined> => {
      view.close();
      view = new View();
      await view.live({ messages: [mine] });
      view.store.editing.value = "q1";
      await view.painted();
      return field()?.value;
    };
    await view.live({ messages: [mine] });
    await edit("what I meant");
    expect(await again()).toBe("what I meant");
    view.close();
    view = new View();
    await view.live({ conversationId: "another", messages: [mine] });
    view.store.editing.value = "q1";
    await view.painted();
    expect(field()?.value, "another conversation").toBe("Mine");
    expect(await again()).toBe("what I meant");
    press(field() as HTMLTextAreaElement, "Escape");
    expect(await again()).toBe("Mine");
  });

  it("is kept as long as the page where the storage has what is not ours, or nothing", async () => {
    sessionStorage.setItem(`conduit-widget:edits:${JSON.stringify(["team", "ada"])}`, '[["q1",7],{}]');
    await view.live({ messages: [mine] });
    view.store.editing.value = "q1";
    await view.painted();
    expect(field()?.value).toBe("Mine");
    sessionStorage.clear();
  });
});
