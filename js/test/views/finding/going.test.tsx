// @vitest-environment happy-dom
// Going from conversation to conversation when things come late, twice, or not at all.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ConversationInfo, ConversationSettings } from "../../../src/contract";
import { question } from "../../support/chat";
import { asked, button, buttonNames, click, done, refused } from "../../support/controls";
import { press, View } from "../../support/view";

const SETTINGS: ConversationSettings = {
  ...{ conversationId: "team", visibility: "open", assistant: "always", title: "Our plans", role: "owner" },
};

function info(conversationId: string, change: Partial<ConversationInfo> = {}): ConversationInfo {
  return {
    ...{ conversationId, title: null, visibility: "open", assistant: "always", role: "owner", seq: 3 },
    ...{ systemPrompt: null, pinned: false, unread: 0, lastReadSeq: 0, lastMessage: null },
    ...change,
  };
}

let view: View;
beforeEach(async () => {
  view = new View();
  await view.live({ conversation: SETTINGS, messages: [question(1, "here")] });
  await view.painted();
});
afterEach(() => view.close());

const rows = (): HTMLButtonElement[] => [...view.root.querySelectorAll<HTMLButtonElement>("button.go")];
const sheet = (): string | null => view.store.composing.sheet.value;
const names = (): string[] => rows().map((row) => row.querySelector(".name")?.textContent ?? "");
const field = (): HTMLInputElement => view.find<HTMLInputElement>(".name-form input");

async function open(list: ConversationInfo[]): Promise<void> {
  await click(view, "Conversations: Our plans");
  await done(view, "conversations", list);
}

async function go(at: number): Promise<void> {
  rows()[at]?.click();
  await view.painted();
}

async function submit(name: string): Promise<void> {
  field().value = name;
  view.find<HTMLFormElement>(".name-form").requestSubmit();
  await view.painted();
}

describe("going to a conversation", () => {
  beforeEach(() => open([info("team"), info("zoo"), info("sea")]));

  it("is asked for once, however often it is pressed", async () => {
    await go(1);
    await go(1);
    expect(asked(view, "conversation")).toHaveLength(1);
    await refused(view, "conversation", "The hub is out of reach.");
    expect(view.text(".conversations [role=alert]")).toContain("The hub is out of reach.");
    await go(1);
    expect(asked(view, "conversation"), "and again once it was refused").toHaveLength(2);
  });

  it("leaves a sheet alone that was opened meanwhile", async () => {
    await go(1);
    await done(view, "conversation");
    view.store.composing.open("help");
    await view.painted();
    await view.live({ conversationId: "zoo", conversation: SETTINGS });
    await view.painted();
    expect(sheet()).toBe("help");
  });

  it("follows the last wish where two were made", async () => {
    await go(1);
    await go(2);
    expect(asked(view, "conversation")).toMatchObject([
      { action: "open", conversationId: "zoo" },
      { action: "open", conversationId: "sea" },
    ]);
    await done(view, "conversation", null, 0);
    await done(view, "conversation", null, 1);
    await view.live({ conversationId: "sea", conversation: SETTINGS });
    await view.painted();
    expect(sheet()).toBeNull();
  });

  it("is no longer waited for after twenty seconds, and nothing is left of it", async () => {
    await go(1);
    await done(view, "conversation");
    await view.pass(20_100);
    expect(sheet()).toBeNull();
    await click(view, "Conversations: Our plans");
    await view.live({ conversationId: "zoo", conversation: SETTINGS });
    await view.painted();
    expect(sheet(), "who came late closes nothing").toBe("conversations");
  });

  it("to where one is needs nobody", async () => {
    await go(0);
    expect(asked(view, "conversation")).toEqual([]);
    expect(sheet()).toBeNull();
  });
});

describe("a name", () => {
  beforeEach(() => open([info("team", { title: "Our plans" }), info("zoo", { title: "The zoo" })]));

  it("that was refused for a new one can be put right", async () => {
    await click(view, "New conversation");
    await submit("Fresh ideas");
    expect(view.root.querySelector(".name-form")).toBeNull();
    await refused(view, "conversation", "You have 1,000 conversations: delete one first.");
    expect(view.text(".conversations [role=alert]")).toContain("1,000 conversations");
    expect(field().value).toBe("Fresh ideas");
    expect(view.root.activeElement).toBe(field());
  });

  it("that another one has begun meanwhile is not overwritten", async () => {
    await click(view, "New conversation");
    await submit("First");
    await click(view, "New conversation");
    field().value = "Second";
    await refused(view, "conversation", "No.");
    expect(field().value).toBe("Second");
  });

  it("that was refused for an old one stands in its row", async () => {
    await click(view, "Rename “The zoo”");
    await submit("A name");
    expect(names()).toEqual(["Our plans", "The zoo"]);
    await refused(view, "conversation", "Unauthorized");
    expect(field().value).toBe("A name");
    await submit("Another");
    await done(view, "conversation");
    expect(asked(view, "conversation")).toMatchObject([{ title: "A name" }, { title: "Another" }]);
    expect(view.root.querySelector(".name-form")).toBeNull();
    await click(view, "Rename “The zoo”");
    expect(field().value, "what was refused is forgotten").toBe("The zoo");
  });

  it.each(["", "   ", "\t\n"])("that is empty (%j) is none", async (name) => {
    await click(view, "New conversation");
    await submit(name);
    expect(asked(view, "conversation")).toEqual([]);
    expect(view.root.activeElement).toBe(field());
  });

  it.each([
    ["Escape", () => press(field(), "Escape")],
    ["Cancel", () => button(view.root, "Cancel").click()],
  ])("is given up with %s, and the sheet stays", async (_way, giveUp) => {
    await click(view, "New conversation");
    giveUp();
    await view.painted();
    expect(view.root.querySelector(".name-form")).toBeNull();
    expect(sheet()).toBe("conversations");
  });

  it("is not given up by the Escape of an input method", async () => {
    await click(view, "New conversation");
    press(field(), "Escape", { isComposing: true });
    await view.painted();
    expect(view.root.querySelector(".name-form")).not.toBeNull();
  });

  it("that stays the same changes nothing, and the focus is in the row again", async () => {
    await click(view, "Rename “The zoo”");
    await submit("The zoo");
    expect(asked(view, "conversation")).toEqual([]);
    expect(view.root.activeElement).toBe(rows()[1]);
  });

  it("keeps arrow keys to itself while it is written", async () => {
    await click(view, "New conversation");
    expect(press(field(), "ArrowDown").defaultPrevented).toBe(false);
    expect(view.root.activeElement).toBe(field());
  });
});

describe("conversations of others' making", () => {
  it.each([
    ["hidden marks and line breaks", { title: "Pay\u202e\u200broll\nnow" }, "Payroll now"],
    ["a title that shows nothing", { title: "\u200b\u2063" }, ""],
    ["no title", { title: null }, "odd"],
    ["half a letter", { title: "\ud83d half" }, "half"],
    ["a very long title", { title: "x".repeat(100_000) }, `${"x".repeat(64)}…`],
  ])("with %s are plain", async (_what, change, name) => {
    await open([info("odd", change)]);
    expect(names()).toEqual([name]);
  });

  it("say who wrote what last as far as that is known", async () => {
    const last = (author: string, preview: string) => ({
      lastMessage: { id: "m", author, preview, timestamp: "never" },
    });
    await open([
      info("a", last("Bo", "Hi\n\nthere")),
      info("b", last("", "Hi")),
      info("c", last("Bo", "")),
      info("d", last("\u202e", "\u202e")),
    ]);
    const previews = [...view.root.querySelectorAll(".preview")].map(({ textContent }) => textContent);
    expect(previews).toEqual(["Bo: Hi there", "Hi", "Bo", ""]);
    expect(view.text(".conversations time")).toBe("");
  });

  it("that are none are said to be none, and one can begin", async () => {
    await open([]);
    expect(view.text(".conversations .hint")).toBe("You have no other conversation yet.");
    expect(view.root.activeElement).toBe(button(view.root, "New conversation"));
  });

  it("keep their owner's buttons from members and readers", async () => {
    await open([
      info("a", { role: "member" }),
      info("b", { role: "reader" }),
      info("c", { role: undefined as never }),
    ]);
    expect(buttonNames(view.find(".conversations ul"))).toHaveLength(3);
  });

  it("stay as they were last known when the hub does not answer, without a word", async () => {
    await open([info("team")]);
    await view.pass(5_000);
    await refused(view, "conversations", "The hub is out of reach.");
    expect(names()).toEqual(["team"]);
    expect(view.root.querySelector(".conversations [role=alert]")).toBeNull();
    await view.pass(5_000);
    expect(asked(view, "conversations"), "it is asked again").toHaveLength(3);
  });

  it("are not drawn by an answer that comes after the sheet has gone", async () => {
    await click(view, "Conversations: Our plans");
    const before = asked(view, "conversations").length;
    press(view.find(".sheet"), "Escape");
    await view.painted();
    await done(view, "conversations", [info("team")]);
    await view.pass(60_000);
    expect(asked(view, "conversations")).toHaveLength(before);
  });
});
