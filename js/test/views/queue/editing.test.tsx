// @vitest-environment happy-dom
// What is done to messages that wait, while the hub comes back in the middle of it.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ConnectionInfo, QueuedItem } from "../../../src/contract";
import { asked, button, click, done, refused, write } from "../../support/controls";
import { press, View } from "../../support/view";

const AWAY: ConnectionInfo = { state: "reconnecting", attempt: 3, retryAt: null, message: "No answer." };

let view: View;
beforeEach(() => {
  view = new View();
});
afterEach(() => view.close());

function item(id: string, change: Partial<QueuedItem> = {}): QueuedItem {
  return {
    ...{ id, kind: "message", messageId: id, text: `text of ${id}`, isCut: false, emoji: "", isOn: true },
    ...{ created: "2026-01-01T00:00:00.000Z", reason: null, attempted: false, files: [] },
    ...change,
  };
}

const queueOf = (...items: QueuedItem[]) => ({ count: items.length, items, note: "", asOf: null });
const row = (id: string): HTMLElement => view.find(`[data-queued="${id}"]`);
const field = (): HTMLTextAreaElement | null =>
  view.root.querySelector<HTMLTextAreaElement>(".queue textarea");

async function away(...items: QueuedItem[]): Promise<void> {
  await view.live({ connection: AWAY, queue: queueOf(...items) });
  await view.painted();
}

async function waits(...items: QueuedItem[]): Promise<void> {
  await view.ops({ op: "queue", queue: queueOf(...items) });
  await view.painted();
}

async function editing(id: string, words: string): Promise<void> {
  view.store.composing.open("queue", id);
  await view.painted();
  await write(view, field() as HTMLTextAreaElement, words);
}

describe("editing what waits", () => {
  it("begins with what was asked for, also while the list is open already", async () => {
    await away(item("a"), item("b", { reason: "Too long." }));
    view.store.composing.open("queue");
    await view.painted();
    expect(field()).toBeNull();
    await click(view, "Edit", view.find('.waiting[data-message-id="b"]'));
    expect(field()?.value).toBe("text of b");
    press(field() as HTMLTextAreaElement, "Escape");
    await view.painted();
    expect(field()).toBeNull();
    await click(view, "Edit", view.find('.waiting[data-message-id="b"]'));
    expect(field()?.value, "and once more").toBe("text of b");
  });

  it("saves once, however often that is pressed", async () => {
    await away(item("a"));
    await editing("a", "other words");
    const save = button(row("a"), "Save");
    save.click();
    save.click();
    await view.painted();
    expect(asked(view, "queue")).toMatchObject([{ id: "a", action: "edit", text: "other words" }]);
    await done(view, "queue");
    expect(field()).toBeNull();
  });

  it("stays with its words when it is refused, and can be saved again", async () => {
    await away(item("a"));
    await editing("a", "other words");
    await click(view, "Save", row("a"));
    await refused(view, "queue", "It is being sent.");
    expect(view.text(".queue [role=alert]")).toBe("It is being sent.");
    expect(field()?.value).toBe("other words");
    await click(view, "Save", row("a"));
    expect(asked(view, "queue")).toHaveLength(2);
  });

  it("goes on in the composer when the hub was back and took the message as it was", async () => {
    await away(item("a"), item("b"));
    view.store.draft.value = "half a thought";
    await editing("a", "what I meant");
    await waits(item("b"));
    expect(field()).toBeNull();
    expect(view.store.draft.value).toBe("half a thought\n\nwhat I meant");
  });

  it.each([
    ["nothing was changed", "text of a", () => waits()],
    [
      "it was given up",
      "what I meant",
      async () => {
        press(field() as HTMLTextAreaElement, "Escape");
        await view.painted();
        await waits();
      },
    ],
    [
      "another conversation was gone to",
      "what I meant",
      () => view.live({ conversationId: "zoo", queue: queueOf() }),
    ],
    [
      "the sheet was closed",
      "what I meant",
      async () => {
        view.store.composing.sheet.value = null;
        await view.painted();
      },
    ],
  ])("leaves the composer alone where %s", async (_why, words, happens) => {
    await away(item("a"));
    await editing("a", words);
    await happens();
    expect(field()).toBeNull();
    expect(view.store.draft.value).toBe("");
  });

  it("takes nothing that is empty, nor a text that is known in part", async () => {
    await away(item("a"), item("b", { isCut: true }));
    await editing("a", " \n ");
    expect(button(row("a"), "Save").disabled).toBe(true);
    expect(() => button(row("b"), "Edit")).toThrow();
    expect(row("b").querySelector(".words")?.textContent).toBe("text of b…");
  });

  it("leaves the Escape of an input method to it", async () => {
    await away(item("a"));
    await editing("a", "x");
    press(field() as HTMLTextAreaElement, "Escape", { isComposing: true });
    await view.painted();
    expect(field()).not.toBeNull();
  });
});

describe("a message that the hub refused", () => {
  it("says so when it cannot be discarded either, and once it can, is gone", async () => {
    await away(item("a", { reason: "Too long." }));
    const shown = (): HTMLElement => view.find(".waiting .problem");
    await click(view, "Discard", shown());
    await refused(view, "queue", "The kernel does not answer.");
    expect(shown().textContent).toContain("The kernel does not answer.");
    await click(view, "Retry", shown());
    expect(shown().textContent).not.toContain("The kernel does not answer.");
    await waits();
    expect(view.root.querySelector(".waiting")).toBeNull();
  });

  it("is heard of at once, by its reason", async () => {
    await away(item("a"));
    expect(view.root.querySelector(".waiting [role=alert]")).toBeNull();
    await waits(item("a", { reason: "Too long." }));
    expect(view.find(".waiting [role=alert]").textContent).toContain("Not sent. Too long.");
  });
});

describe("a long queue", () => {
  it("says how many more there are than it shows", async () => {
    const items = Array.from({ length: 200 }, (_, at) => item(`m${at}`));
    await view.live({ connection: AWAY, queue: { ...queueOf(...items), count: 10_000 } });
    await view.painted();
    expect(view.text("header .queued")).toBe("queued (10,000)");
    view.store.composing.open("queue");
    await view.painted();
    expect(view.root.querySelectorAll(".queue li[data-queued]")).toHaveLength(200);
    expect(view.text(".queue > .hint")).toContain("9,800");
  });

  it("shows names of files and words of others plain and short", async () => {
    await away(item("a", { text: `${"y".repeat(5_000)}`, files: ["a\u202egpj.exe", "x".repeat(1_000)] }));
    view.store.composing.open("queue");
    await view.painted();
    expect(row("a").querySelector(".words")?.textContent).toHaveLength(301);
    const names = [...row("a").querySelectorAll(".file-names bdi")].map(({ textContent }) => textContent);
    expect(names).toEqual(["agpj.exe", `${"x".repeat(64)}…`]);
  });
});
