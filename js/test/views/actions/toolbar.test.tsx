// @vitest-environment happy-dom
// What a toolbar says of what was done, and what becomes of it when the message goes meanwhile.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ChatMessage, ConversationSettings } from "../../../src/contract";
import { ADA, answer, BO, figures, question } from "../../support/chat";
import { asked, button, buttonNames, click, done, refused } from "../../support/controls";
import { effectsRun } from "../../support/effects";
import { press, View } from "../../support/view";

const MEMBER: ConversationSettings = {
  ...{ conversationId: "team", visibility: "open", assistant: "always", title: null, role: "member" },
};

let view: View;
let copied: string[];
beforeEach(() => {
  copied = [];
  view = new View();
  vi.stubGlobal("navigator", {
    ...navigator,
    clipboard: { writeText: (text: string) => Promise.resolve(void copied.push(text)) },
  });
});
afterEach(() => {
  view.close();
  vi.unstubAllGlobals();
});

const said = (): string => view.text(".toolbar [role=status]").trim();
const hasTick = (): boolean => view.root.querySelector(".toolbar [role=status] svg") !== null;

async function lookAt(id: string): Promise<HTMLElement> {
  const article = view.find(`article[data-message-id="${id}"]`);
  article.focus();
  await view.painted();
  return article;
}

describe("what a toolbar says", () => {
  it("is that something was copied, for a moment", async () => {
    await view.live({ messages: [question(1, "Mine", ADA)] });
    await click(view, "Copy", await lookAt("q1"));
    expect([copied, said(), hasTick()]).toEqual([["Mine"], "Copied", true]);
    await view.pass(1_600);
    expect(view.root.querySelector(".toolbar [role=status]")).toBeNull();
  });

  it("is counted from the last time, not from the first", async () => {
    await view.live({ messages: [question(1, "Mine", ADA)] });
    const article = await lookAt("q1");
    await click(view, "Copy", article);
    await view.pass(1_000);
    await click(view, "Copy", article);
    await view.pass(1_000);
    expect(said()).toBe("Copied");
    await view.pass(600);
    expect(said()).toBe("");
    expect(copied).toEqual(["Mine", "Mine"]);
  });

  it("has no tick where it could not be done", async () => {
    vi.stubGlobal("navigator", { ...navigator, clipboard: undefined });
    document.execCommand = () => false;
    await view.live({ messages: [question(1, "Mine", ADA)] });
    await click(view, "Copy", await lookAt("q1"));
    expect([said(), hasTick()]).toEqual(["Select and copy by hand", false]);
  });

  it.each([
    [undefined, "Pin", true, "Pinned"],
    [{ by: "bo", at: "2026-01-01T00:00:00Z" }, "Unpin", false, "Unpinned"],
  ])("is what the hub did: pinned %j", async (pinned, name, on, words) => {
    const message = question(1, "Mine", ADA);
    const metadata = { ...message.metadata, ...(pinned && { pinned }) };
    await view.live({ conversation: MEMBER, messages: [{ ...message, metadata }] });
    await click(view, name, await lookAt("q1"));
    expect(asked(view, "pin")).toMatchObject([{ messageId: "q1", on }]);
    expect(said(), "not before the hub has done it").toBe("");
    await done(view, "pin");
    expect([said(), hasTick()]).toEqual([words, true]);
  });

  it("is why the hub refused", async () => {
    await view.live({ conversation: MEMBER, messages: [question(1, "Mine", ADA)] });
    await click(view, "Pin", await lookAt("q1"));
    await refused(view, "pin", "100 messages are pinned here: let one go first.");
    expect([said(), hasTick()]).toEqual(["100 messages are pinned here: let one go first.", false]);
  });

  it("is nothing once the view is gone, and nothing waits", async () => {
    await view.live({ conversation: MEMBER, messages: [question(1, "Mine", ADA)] });
    await click(view, "Copy", await lookAt("q1"));
    await click(view, "Pin", view.find("article"));
    const { requestId } = asked(view, "pin")[0] ?? { requestId: "" };
    view.close();
    view.host.push({ kind: "reply", requestId, ok: true, result: null });
    await effectsRun();
    expect(view.clock.pending).toBe(0);
  });

  it("goes with a message that is deleted in the middle of it, and the focus stays in its place", async () => {
    await view.live({ conversation: MEMBER, messages: [question(1, "Theirs"), question(2, "Mine", ADA)] });
    const article = await lookAt("q1");
    await click(view, "Pin", article);
    button(article, "Pin").focus();
    const metadata = { seq: 1, deletedAt: "2026-01-01T00:00:00Z", deletedBy: "bo" };
    await view.ops({ op: "message", message: { ...question(1, ""), metadata } });
    await refused(view, "pin", "It was deleted.");
    expect(view.root.querySelector(".toolbar")).toBeNull();
    expect(view.root.activeElement).toBe(view.find('article[data-message-id="q1"]'));
    expect(view.text('article[data-message-id="q1"]')).toContain("Deleted by Bo");
  });
});

describe("the menu", () => {
  const OTHERS = [
    figures("local", { models: ["folder/smol.gguf", "tiny.gguf"] }),
    figures("cloud", { models: ["gpt"] }),
    figures("own", {}),
    figures("off", { state: "disabled", models: ["never"] }),
  ];

  it("offers other models for an answer, not the one that wrote it", async () => {
    const message = answer(1, "Words", { provider: "local", model: "folder/smol.gguf" });
    await view.live({ providers: OTHERS, messages: [message] });
    const article = await lookAt("a1");
    await click(view, "More", article);
    const offered = buttonNames(view.find("[role=menu]")).filter((name) => name.startsWith("Regenerate"));
    expect(offered).toEqual([
      ...["Regenerate", "Regenerate with tiny", "Regenerate with gpt", "Regenerate with own"],
    ]);
    await click(view, "Regenerate with tiny", view.find("[role=menu]"));
    await click(view, "More", article);
    await click(view, "Regenerate with own", view.find("[role=menu]"));
    expect(view.host.all("regenerate"), "once until the hub has confirmed it").toMatchObject([
      { messageId: "a1", provider: "local", model: "tiny.gguf" },
    ]);
  });

  it("stops at eight other models, however many there are", async () => {
    const models = Array.from({ length: 10_000 }, (_, at) => `m${at}`);
    await view.live({ providers: [figures("many", { models })], messages: [answer(1, "Words")] });
    await click(view, "More", await lookAt("a1"));
    const offered = buttonNames(view.find("[role=menu]")).filter((name) =>
      name.startsWith("Regenerate with"),
    );
    expect(offered).toHaveLength(8);
  });

  it.each([
    ["a reader", { conversation: { ...MEMBER, role: "reader" as const } }],
    ["who may only read", { readOnly: "Your Jupyter account may read here and not write." }],
    [
      "who was removed",
      { connection: { state: "removed" as const, attempt: 0, retryAt: null, message: null } },
    ],
  ])("lets %s copy and nothing else", async (_who, change) => {
    await view.live({ ...change, messages: [question(1, "Mine\n```\ncode\n```", ADA)] });
    const article = await lookAt("q1");
    expect(buttonNames(article.querySelector("[role=toolbar]") as HTMLElement)).toEqual(["Copy", "More"]);
    await click(view, "More", article);
    expect(buttonNames(view.find("[role=menu]"))).toEqual(["Copy", "Copy code", "Copy as a cell"]);
  });

  it("copies the code alone, and a cell with the words as comments", async () => {
    await view.live({ messages: [answer(1, "Try `x`:\n\n```py\nx = 1\n```\n```y``` is next.")] });
    for (const name of ["Copy code", "Copy as a cell"]) {
      await click(view, "More", await lookAt("a1"));
      await click(view, name, view.find("[role=menu]"));
    }
    expect(copied).toEqual(["x = 1", "# Try `x`:\n\nx = 1\n# ```y``` is next."]);
  });

  it("stays open for the pointer that passes other messages on its way", async () => {
    await view.live({ messages: [question(1, "One"), question(2, "Two")] });
    await click(view, "More", await lookAt("q2"));
    view
      .find('article[data-message-id="q1"]')
      .dispatchEvent(new PointerEvent("pointerover", { bubbles: true, composed: true }));
    await view.painted();
    expect(view.root.querySelector('[data-message-id="q2"] [role=menu]')).not.toBeNull();
  });

  it("goes back to the message with the focus when the pointer leaves, but not under a finger", async () => {
    await view.live({ messages: [question(1, "One"), question(2, "Two", BO)] });
    await lookAt("q1");
    const over = (id: string): boolean =>
      view
        .find(`article[data-message-id="${id}"]`)
        .dispatchEvent(new PointerEvent("pointerover", { bubbles: true, composed: true }));
    const shownAt = (): string | undefined =>
      view.find("[role=toolbar]").closest<HTMLElement>("article")?.dataset.messageId;
    over("q2");
    await view.painted();
    expect(shownAt()).toBe("q2");
    view.find(".scroller").dispatchEvent(new PointerEvent("pointerleave", { pointerType: "touch" }));
    await view.painted();
    expect(shownAt()).toBe("q2");
    view.find(".scroller").dispatchEvent(new PointerEvent("pointerleave", { pointerType: "mouse" }));
    await view.painted();
    expect(shownAt()).toBe("q1");
  });
});

describe("reacting", () => {
  async function open(message: ChatMessage): Promise<HTMLElement> {
    await view.live({ messages: [message] });
    const article = await lookAt(message.id);
    await click(view, "React", article);
    return article;
  }
  const withReactions = (reactions: object): ChatMessage => answer(1, "Words", { reactions } as never);

  it("begins with the usual ones, gives one, and is back at its button", async () => {
    const article = await open(withReactions({}));
    expect(view.root.activeElement).toBe(button(article, "React with 👍"));
    await click(view, "React with 🎉", article);
    expect(view.host.all("react")).toMatchObject([{ messageId: "a1", emoji: "🎉", on: true }]);
    expect(view.root.querySelector(".reacting")).toBeNull();
    expect(view.root.activeElement).toBe(button(article, "React"));
  });

  it("takes one's own away that is chosen again, and leaves others' alone", async () => {
    const article = await open(withReactions({ "🎉": ["bo", "ada"], "👍": ["bo"] }));
    await click(view, "React with 🎉", article);
    await click(view, "React", article);
    await click(view, "React with 👍", article);
    expect(view.host.all("react").map(({ emoji, on }) => [emoji, on])).toEqual([
      ["🎉", false],
      ["👍", true],
    ]);
  });

  it("closes with Escape, which stops no answer and keeps the focus", async () => {
    await view.live({ messages: [question(1, "Q"), answer(2, "", { status: "streaming" })] });
    const article = await lookAt("q1");
    await click(view, "React", article);
    press(view.root.activeElement as HTMLElement, "Escape");
    await view.painted();
    expect(view.root.querySelector(".reacting")).toBeNull();
    expect(view.host.all("stop")).toEqual([]);
    expect(view.root.activeElement).toBe(button(article, "React"));
  });

  it.each([
    ["no list", { "👍": "bo" }],
    ["nobody", { "👍": [] }],
    ["nothing", null],
    ["a list in place of them", ["👍"]],
  ])("draws nothing where there is %s", async (_what, reactions) => {
    await view.live({ messages: [withReactions(reactions as object)] });
    expect(view.root.querySelector(".reaction")).toBeNull();
    expect(view.text("article .body")).toBe("Words");
  });

  it("names at most twelve, and shows a long or hidden emoji as a short plain line", async () => {
    const many = Array.from({ length: 40 }, (_, at) => `user${at}`);
    await view.live({ messages: [withReactions({ ["x\u202e".repeat(500)]: many })] });
    const label = view.find(".reaction").getAttribute("aria-label") ?? "";
    expect(label).toContain("28 others");
    expect(label).not.toContain("\u202e");
    expect(view.text(".reaction span")).toHaveLength(17);
    expect(view.find(".reaction span + span").textContent).toBe("40");
  });
});
