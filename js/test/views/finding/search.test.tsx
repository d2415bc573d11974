// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ConversationSettings, SearchHit } from "../../../src/contract";
import type { ViewMessage } from "../../../src/kernel/messages";
import { answer, BO, question } from "../../support/chat";
import { press, View } from "../../support/view";

const SETTINGS: ConversationSettings = {
  ...{ conversationId: "team", visibility: "open", assistant: "always", title: "Our plans", role: "owner" },
};

let view: View;
beforeEach(async () => {
  view = new View();
  await view.live({ conversation: SETTINGS, messages: [question(1, "the red fox"), question(2, "nothing")] });
  await view.painted();
});
afterEach(() => view.close());

type Asked = Extract<ViewMessage, { requestId: string }>;

const button = (): HTMLButtonElement => view.find<HTMLButtonElement>("header button[aria-label=Search]");
const field = (): HTMLInputElement => view.find<HTMLInputElement>(".search input[type=search]");
const status = (): string => view.text(".search [role=status]");
const hits = (): HTMLButtonElement[] => [...view.root.querySelectorAll<HTMLButtonElement>("button.hit")];
const asked = (kind: ViewMessage["kind"]): Asked[] => view.host.all(kind) as Asked[];

function hit(seq: number, snippet: string, ranges: number[][], conversationId = "team"): SearchHit {
  const message = question(seq, snippet, BO);
  message.metadata = { seq, timestamp: "2026-05-04T10:00:00.000Z" };
  return { message, conversationId, snippet, ranges };
}

async function reply(request: Asked | undefined, result: unknown): Promise<void> {
  await view.hear({ kind: "reply", requestId: request?.requestId ?? "", ok: true, result });
}

async function look(words: string): Promise<Asked | undefined> {
  field().value = words;
  field().dispatchEvent(new Event("input", { bubbles: true }));
  await view.pass(400);
  return asked("search").at(-1);
}

async function open(): Promise<void> {
  button().focus();
  button().click();
  await view.painted();
}

describe("the search", () => {
  it("opens with its button, has the focus, and gives it back at Escape", async () => {
    await open();
    expect(view.root.activeElement).toBe(field());
    expect(status()).toContain("Every word");
    press(field(), "Escape");
    await view.painted();
    expect(view.root.querySelector(".sheet")).toBeNull();
    expect(view.root.activeElement).toBe(button());
    await open(); // now all of it is there at once
    press(field(), "Escape");
    await view.painted();
    expect(view.root.activeElement).toBe(button());
  });

  it("asks once the words are typed, in this conversation, and says what it does", async () => {
    await open();
    field().value = "fo";
    field().dispatchEvent(new Event("input", { bubbles: true }));
    await view.pass(100);
    expect(asked("search")).toEqual([]);
    const request = await look("fox");
    expect(request).toMatchObject({ query: "fox", options: { conversationId: "team", limit: 20 } });
    expect(asked("search")).toHaveLength(1);
    expect(status()).toBe("Searching…");
    await reply(request, { hits: [], hasMore: false });
    expect(status()).toBe("No message has all of these words.");
  });

  it("marks what it found by code points, and shows who wrote it", async () => {
    await open();
    await reply(await look("fox"), { hits: [hit(1, "🦊🦊 fox <b>", [[3, 6]])], hasMore: false });
    expect(status()).toBe("1 message");
    expect(view.text(".hit mark")).toBe("fox");
    expect(view.text(".hit .snippet")).toBe("🦊🦊 fox <b>");
    expect(view.text(".hit .name")).toBe("Bo");
    expect(view.find(".hit time").getAttribute("datetime")).toBe("2026-05-04T10:00:00.000Z");
    expect(view.root.querySelector(".hit .where")).toBeNull();
  });

  it("shows an answer without the marks of Markdown, and what a person wrote as it was typed", async () => {
    await open();
    const request = await look("fox");
    const written = "🦊 **The red fox** and `fox`";
    const found = {
      ...hit(1, written, [
        [8, 11],
        [12, 15],
        [23, 26],
      ]),
      message: answer(1, written),
    };
    await reply(request, { hits: [found, hit(2, "**fox**", [[2, 5]])], hasMore: false });
    const [of, by] = view.root.querySelectorAll(".hit .snippet");
    expect(of?.textContent).toBe("🦊 The red fox and fox");
    expect([...(of?.querySelectorAll("mark") ?? [])].map((mark) => mark.textContent)).toEqual([
      "red",
      "fox",
      "fox",
    ]);
    expect(by?.textContent).toBe("**fox**");
  });

  it("shows what came last for the words typed last", async () => {
    await open();
    const first = await look("fox");
    const second = await look("foxes");
    await reply(second, { hits: [hit(1, "foxes", [])], hasMore: false });
    await reply(first, { hits: [hit(2, "late", [])], hasMore: false });
    expect(hits().map(({ textContent }) => textContent)).toEqual([expect.stringContaining("foxes")]);
  });

  it("says why it failed, and tries again", async () => {
    await open();
    const request = await look("?");
    await view.hear({
      ...{ kind: "reply", requestId: request?.requestId ?? "", ok: false },
      error: { message: "query: needs a letter or a digit" },
    });
    expect(status()).toBe("query: needs a letter or a digit");
    expect(view.find(".search [role=status]").classList).toContain("wrong");
  });

  it("goes on with what is older, here by position", async () => {
    await open();
    await reply(await look("fox"), { hits: [hit(9, "fox", []), hit(5, "fox", [])], hasMore: true });
    expect(status()).toBe("The newest 2 messages");
    view.find<HTMLButtonElement>(".hits .more").click();
    await view.painted();
    const next = asked("search").at(-1);
    expect(next).toMatchObject({ options: { conversationId: "team", beforeSeq: 5 } });
    await reply(next, { hits: [hit(3, "fox", [])], hasMore: false });
    expect(hits()).toHaveLength(3);
    expect(view.root.querySelector(".hits .more")).toBeNull();
  });

  it("looks in all of one's conversations, names them, and loses none of one moment", async () => {
    await open();
    await look("fox");
    view.root.querySelectorAll<HTMLInputElement>(".scopes input")[1]?.click();
    await view.painted();
    await reply(asked("conversations").at(-1), [{ conversationId: "zoo", title: "The zoo" }]);
    const request = asked("search").at(-1);
    expect(request).toMatchObject({ query: "fox", options: { limit: 20 } });
    expect(request).not.toHaveProperty("options.conversationId");
    const found = hit(7, "fox", [], "zoo");
    await reply(request, { hits: [found], hasMore: true });
    expect(view.text(".hit .where")).toBe("The zoo");
    view.find<HTMLButtonElement>(".hits .more").click();
    await view.painted();
    const next = asked("search").at(-1);
    expect(next).toMatchObject({ options: { until: "2026-05-04T10:00:00.001Z" } });
    await reply(next, { hits: [found], hasMore: true });
    expect(hits()).toHaveLength(1);
    expect(view.root.querySelector(".hits .more"), "nothing new came").toBeNull();
  });

  it("is gone through with the arrows, and Enter brings a message into view", async () => {
    await open();
    const found = [hit(2, "nothing", []), hit(1, "the red fox", [])];
    await reply(await look("fox"), { hits: found, hasMore: false });
    press(field(), "ArrowDown");
    expect(view.root.activeElement).toBe(hits()[0]);
    press(hits()[0] as HTMLElement, "ArrowDown");
    press(hits()[1] as HTMLElement, "ArrowDown");
    expect(view.root.activeElement).toBe(hits()[1]);
    press(hits()[1] as HTMLElement, "ArrowUp");
    press(hits()[0] as HTMLElement, "ArrowUp");
    expect(view.root.activeElement).toBe(field());
    hits()[1]?.click();
    await view.painted();
    const article = view.find("[data-message-id=q1]");
    expect(article.classList).toContain("found");
    expect(view.root.activeElement).toBe(article);
  });

  it("asks for what lies around a message that is not here", async () => {
    await view.live({
      ...{ conversation: SETTINGS, hasMore: true, messages: [question(80, "new")] },
    });
    await open();
    await reply(await look("fox"), { hits: [hit(1, "fox", [])], hasMore: false });
    hits()[0]?.click();
    await view.painted();
    expect(asked("around")).toMatchObject([{ seq: 1 }]);
  });

  it("opens the conversation of a hit elsewhere, and shows the message there", async () => {
    await open();
    await reply(await look("fox"), { hits: [hit(4, "fox", [], "zoo")], hasMore: false });
    hits()[0]?.click();
    await view.painted();
    const request = asked("conversation").at(-1);
    expect(request).toMatchObject({ action: "open", conversationId: "zoo" });
    expect(hits()[0]?.getAttribute("aria-busy")).toBe("true");
    await reply(request, null);
    const messages = [question(3, "before"), question(4, "fox")];
    await view.live({ conversationId: "zoo", conversation: SETTINGS, messages });
    await view.painted();
    expect(view.find("[data-message-id=q4]").classList).toContain("found");
  });

  it("begins with the words of its command", async () => {
    press(view.type("/search red fox"), "Enter");
    await view.painted();
    expect(field().value).toBe("red fox");
    expect(asked("search")).toMatchObject([{ query: "red fox" }]);
  });

  it("keeps what was found for who comes back", async () => {
    await open();
    await reply(await look("fox"), { hits: [hit(1, "the red fox", [])], hasMore: false });
    press(field(), "Escape");
    await view.painted();
    await open();
    expect(field().value).toBe("fox");
    expect(hits()).toHaveLength(1);
  });
});

it("is not offered where the kernel cannot search", async () => {
  await view.live({});
  expect(view.root.querySelector("header button[aria-label=Search]")).toBeNull();
  expect(view.text(".title")).toBe("team");
});
