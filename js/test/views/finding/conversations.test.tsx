// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ConversationInfo, ConversationSettings } from "../../../src/contract";
import type { ViewMessage } from "../../../src/kernel/messages";
import { question } from "../../support/chat";
import { press, View } from "../../support/view";

const SETTINGS: ConversationSettings = {
  ...{ conversationId: "team", visibility: "open", assistant: "always", title: "Our plans", role: "owner" },
};

function info(conversationId: string, change: Partial<ConversationInfo> = {}): ConversationInfo {
  return {
    ...{ conversationId, title: null, visibility: "open", assistant: "always", role: "member", seq: 3 },
    ...{ systemPrompt: null, pinned: false, unread: 0, lastReadSeq: 0, lastMessage: null },
    ...change,
  };
}

const LAST = { id: "m", author: "Bo", preview: "See you", timestamp: "2026-05-04T10:00:00.000Z" };
const LIST = [
  info("team", { title: "Our plans", role: "owner", unread: 4 }),
  info("zoo", { title: "The zoo", unread: 3, lastMessage: LAST }),
  info("mine", { role: "owner" }),
];

let view: View;
beforeEach(async () => {
  view = new View();
  await view.live({ conversation: SETTINGS, messages: [question(1, "here")] });
  await view.painted();
});
afterEach(() => view.close());

type Asked = Extract<ViewMessage, { requestId: string }>;

const button = (): HTMLButtonElement => view.find<HTMLButtonElement>("header button.switcher");
const rows = (): HTMLButtonElement[] => [...view.root.querySelectorAll<HTMLButtonElement>("button.go")];
const asked = (kind: ViewMessage["kind"]): Asked[] => view.host.all(kind) as Asked[];

async function reply(request: Asked | undefined, result: unknown): Promise<void> {
  await view.hear({ kind: "reply", requestId: request?.requestId ?? "", ok: true, result });
}

async function refuse(request: Asked | undefined, message: string): Promise<void> {
  const requestId = request?.requestId ?? "";
  await view.hear({ kind: "reply", requestId, ok: false, error: { message } });
}

async function open(): Promise<void> {
  button().focus();
  button().click();
  await view.painted();
  await reply(asked("conversations").at(-1), LIST);
}

const labelled = (label: string): HTMLButtonElement | undefined =>
  [...view.root.querySelectorAll("button")].find((each) => each.getAttribute("aria-label") === label);

async function click(label: string): Promise<void> {
  labelled(label)?.click();
  await view.painted();
}

describe("the title", () => {
  it("is the conversation's, and opens one's conversations", async () => {
    expect(view.text("header .title")).toBe("Our plans");
    expect(button().getAttribute("aria-label")).toBe("Conversations: Our plans");
    button().click();
    await view.painted();
    expect(view.find(".sheet").getAttribute("aria-label")).toBe("Conversations");
    expect(view.text(".conversations")).toContain("Asking the hub…");
    expect(button().getAttribute("aria-expanded")).toBe("true");
  });
});

describe("one's conversations", () => {
  it("stand with what was said last and what is unread", async () => {
    await open();
    expect(rows().map((row) => row.querySelector(".name")?.textContent)).toEqual([
      ...["Our plans", "The zoo", "mine"],
    ]);
    expect(rows()[1]?.querySelector(".preview")?.textContent).toBe("Bo: See you");
    expect(rows()[1]?.querySelector(".unread .sr-only")?.textContent).toBe("3 unread");
    expect(rows()[0]?.querySelector(".unread"), "what is looked at is read").toBeNull();
    expect(rows()[0]?.getAttribute("aria-current")).toBe("true");
    expect(rows()[2]?.querySelector(".preview")?.textContent).toBe("Nothing said yet");
  });

  it("are counted anew while somebody looks, and no longer than that", async () => {
    await open();
    await view.pass(5_000);
    await reply(asked("conversations").at(-1), [info("zoo", { unread: 1 })]);
    expect(asked("conversations")).toHaveLength(2);
    expect(rows()).toHaveLength(1);
    press(view.find(".sheet"), "Escape");
    await view.painted();
    await view.pass(20_000);
    expect(asked("conversations")).toHaveLength(2);
  });

  it("say why they cannot be told, and can be asked for again", async () => {
    button().click();
    await view.painted();
    await refuse(asked("conversations").at(-1), "The hub is out of reach.");
    expect(view.text(".conversations [role=alert]")).toContain("The hub is out of reach.");
    view.find<HTMLButtonElement>(".conversations [role=alert] button").click();
    await view.painted();
    await reply(asked("conversations").at(-1), LIST);
    expect(rows()).toHaveLength(3);
    expect(view.root.querySelector(".conversations [role=alert]")).toBeNull();
  });

  it("are gone to: the view shows the other one, and the list closes", async () => {
    await open();
    rows()[1]?.click();
    await view.painted();
    const request = asked("conversation").at(-1);
    expect(request).toMatchObject({ action: "open", conversationId: "zoo" });
    await reply(request, null);
    expect(view.root.querySelector(".sheet"), "it is not there yet").not.toBeNull();
    await view.live({ conversationId: "zoo", conversation: { ...SETTINGS, title: "The zoo" } });
    await view.painted();
    expect(view.root.querySelector(".sheet")).toBeNull();
    expect(view.text("header .title")).toBe("The zoo");
  });

  it("are gone through with the arrows", async () => {
    await open();
    const start = view.root.activeElement as HTMLElement;
    expect(start.textContent).toBe("New conversation");
    press(start, "ArrowDown");
    expect(view.root.activeElement).toBe(rows()[0]);
    press(rows()[0] as HTMLElement, "ArrowUp");
    expect(view.root.activeElement).toBe(start);
  });

  it("begin with a name, and are gone to", async () => {
    await open();
    view.find<HTMLButtonElement>(".begin .plain").click();
    await view.painted();
    const input = view.find<HTMLInputElement>(".name-form input");
    expect(view.root.activeElement).toBe(input);
    input.value = "  Fresh ideas ";
    view.find<HTMLFormElement>(".name-form").requestSubmit();
    await view.painted();
    const request = asked("conversation").at(-1);
    expect(request).toMatchObject({ action: "create", title: "Fresh ideas" });
    await reply(request, info("new-id"));
    expect(asked("conversation").at(-1)).toMatchObject({ action: "open", conversationId: "new-id" });
  });

  it("are renamed and deleted by their owners alone, and deleted only when that is confirmed", async () => {
    await open();
    expect(labelled("Rename “Our plans”")).toBeDefined();
    expect(labelled("Rename “The zoo”")).toBeUndefined();
    await click("Rename “mine”");
    const input = view.find<HTMLInputElement>(".name-form input");
    expect(input.value).toBe("mine");
    input.value = "Ours";
    view.find<HTMLFormElement>(".name-form").requestSubmit();
    await view.painted();
    expect(asked("conversation").at(-1)).toMatchObject({
      ...{ action: "rename", conversationId: "mine", title: "Ours" },
    });
    await click("Delete “mine”");
    expect(view.root.activeElement?.textContent).toBe("Cancel");
    press(view.root.activeElement as HTMLElement, "Escape");
    await view.painted();
    expect(view.root.querySelector(".sheet"), "Escape gave up the deletion alone").not.toBeNull();
    expect(asked("conversation")).toHaveLength(1);
    await click("Delete “mine”");
    view.find<HTMLButtonElement>(".deleting .danger").click();
    await view.painted();
    const request = asked("conversation").at(-1);
    expect(request).toMatchObject({ action: "delete", conversationId: "mine" });
    await refuse(request, "Unauthorized");
    expect(view.text(".conversations [role=alert]")).toContain("Unauthorized");
  });
});

describe("another conversation", () => {
  const other = { conversationId: "zoo", conversation: { ...SETTINGS, conversationId: "zoo" } };

  it("has nothing of what was typed, sent, answered or edited in the one before; that is still there", async () => {
    press(view.type("on its way"), "Enter");
    view.type("a draft of team");
    view.store.replyTo.value = question(1, "here");
    view.store.editing.value = "q1";
    view.store.pause();
    view.store.composing.parameters.value = { temperature: 0.1 };
    await view.painted();
    await view.live(other);
    expect(view.store.outbox.value).toEqual([]);
    expect(view.store.draft.value).toBe("");
    expect(view.store.replyTo.value).toBeNull();
    expect(view.store.editing.value).toBeNull();
    expect(view.store.paused.value).toBe(false);
    expect(view.store.composing.parameters.value).toEqual({});
    view.type("a draft of zoo");
    await view.live({ conversation: SETTINGS });
    expect(view.store.draft.value).toBe("a draft of team");
    expect(view.store.outbox.value.map(({ text }) => text)).toEqual(["on its way"]);
    expect(view.store.composing.parameters.value).toEqual({ temperature: 0.1 });
  });

  it("does not hold up a deletion that waited in the one before", async () => {
    view.store.remove("q1");
    await view.live(other);
    expect(asked("delete")).toMatchObject([{ messageId: "q1" }]);
    expect(view.store.deleting.value.size).toBe(0);
  });
});
