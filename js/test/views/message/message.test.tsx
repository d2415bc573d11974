// @vitest-environment happy-dom
import { signal } from "@preact/signals";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ChatMessage } from "../../../src/contract";
import { ADA, answer, question, token } from "../../support/chat";
import { POISON } from "../../support/poison";
import { View } from "../../support/view";

let view: View;

beforeEach(() => {
  view = new View();
});

afterEach(() => view.close());

const shown = () =>
  [...view.root.querySelectorAll("article.message")].map((article) => article.textContent ?? "");

describe("a message that is made to break the view", () => {
  it.each(POISON)("leaves all others where they are: %s", async (_, text) => {
    const messages = [
      answer(1, text),
      question(2, text),
      ...[3, 4, 5, 6, 7].map((seq) => question(seq, `after ${seq}`)),
    ];
    await view.live({ messages });
    expect(shown()).toHaveLength(7);
    expect(view.text("article.answer .body")).toBe(text);
    expect(
      shown()
        .slice(2)
        .map((each) => each.slice(-7)),
    ).toEqual(["after 3", "after 4", "after 5", "after 6", "after 7"]);
  });

  it("is its words alone when it cannot be drawn, and the others are as ever", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const nameless = {
      ...question(1, "Its words"),
      author: new Proxy(
        {},
        {
          get: () => {
            throw new Error("no name");
          },
        },
      ),
    } as unknown as ChatMessage;
    const store = view.store;
    await view.live({ messages: [question(2, "After")] });
    const { render, h } = await import("preact");
    const { Message } = await import("../../../src/views/message/message");
    const parent = document.createElement("div");
    const active = signal<string | null>(null);
    const props = { store, own: false, streaming: false, participant: undefined, follows: false, active };
    render(
      [h(Message, { ...props, message: nameless }), h(Message, { ...props, message: question(3, "Third") })],
      parent,
    );
    await view.painted();
    expect([...parent.querySelectorAll("article")].map(({ textContent }) => textContent)).toEqual([
      "Its words",
      "BBoThird",
    ]);
    vi.restoreAllMocks();
    vi.spyOn(console, "error");
    vi.spyOn(console, "warn");
  });
});

describe("ids that are names of what every object has", () => {
  it.each(["constructor", "toString", "__proto__", "hasOwnProperty"])(
    "%s streams, ends and is announced",
    async (id) => {
      const open: ChatMessage = { ...answer(1, "", { status: "streaming" }), id };
      await view.live({ messages: [open] });
      expect(view.text("article.answer .sr-only")).toBe("Thinking…");
      await view.ops(token(id, 0, "A first sentence. And"));
      for (let frame = 0; frame < 20; frame += 1) await view.clock.paint();
      expect(view.text("article.answer .body")).toBe("A first sentence. And");
      await view.ops({ op: "message", message: { ...answer(1, "A first sentence. And more"), id } });
      expect(view.text("article.answer .body")).toBe("A first sentence. And more");
      expect(
        [...view.root.querySelectorAll("[aria-live=polite] p")].map(({ textContent }) => textContent),
      ).toEqual(["A first sentence.", "And more"]);
    },
  );

  it("are heard when another person writes them", async () => {
    await view.live();
    await view.ops({ op: "message", message: { ...question(1, "Hello"), id: "valueOf" } });
    expect(view.text("[aria-live=polite]")).toBe("Bo: Hello");
  });
});

describe("an answer without text", () => {
  it.each([
    [{ finishReason: "stop" }, "The model ended its answer without a word."],
    [{ finishReason: "length" }, "The length limit was reached before the first word."],
    [{ finishReason: "content_filter" as never }, "The provider held the answer back."],
    [{ status: "cancelled" }, "Stopped before the first word."],
    [{ status: "interrupted" }, "Interrupted before the first word."],
    [{ finishReason: "constructor" as never }, "The answer has no text (constructor)."],
    [{}, "The model ended its answer without a word."],
  ] as const)("says why: %j", async (metadata, words) => {
    await view.live({ messages: [answer(1, "", metadata)] });
    expect(view.text("article.answer .waiting")).toContain(words);
    expect(view.root.querySelector("article.answer .ending")).toBeNull();
  });

  it.each(["\u202e\u2066\u200b", " \u2068\u2069\n"])(
    "counts what nobody can see as no text: %j",
    async (unseen) => {
      await view.live({ messages: [answer(1, unseen), question(2, unseen)] });
      expect([...view.root.querySelectorAll(".waiting")].map(({ textContent }) => textContent)).toEqual([
        expect.stringContaining("The model ended its answer without a word."),
        "This message has no text.",
      ]);
    },
  );

  it("shows the tools that the model called instead", async () => {
    const toolCalls = [{ id: "1", name: "weather", arguments: '{"city":"Paris"}' }];
    await view.live({ messages: [answer(1, "", { finishReason: "tool_calls" as never, toolCalls })] });
    await view.painted();
    expect(view.text("article.answer .tools summary")).toBe("weather");
    expect(view.text("article.answer .waiting")).toContain("The model asked for a tool");
  });

  it("says it once when there is an error or a word of the hub", async () => {
    const error = { type: "auth_error", recoverable: false } as const;
    await view.live({
      messages: [
        { ...answer(1, "", { status: "error" }), error },
        answer(2, "", { notice: "The provider ended\nthe answer\u202e early." }),
        answer(3, "Some text", { notice: "Shortened." }),
      ],
    });
    expect(shown()).toEqual([
      "AssistantThe provider refused the key.",
      "AssistantThe provider ended the answer early.",
      "AssistantSome textShortened.Copy",
    ]);
  });

  it("is no empty bubble when a person wrote or deleted it either", async () => {
    const deleted = { ...question(1, ""), metadata: { seq: 1, deletedAt: "2026-01-01T00:00:00Z" } };
    await view.live({
      messages: [deleted, question(2, " \n"), answer(3, "", { deletedAt: "2026-01-01T00:00:00Z" })],
    });
    expect([...view.root.querySelectorAll(".waiting")].map(({ textContent }) => textContent)).toEqual([
      "This message was deleted.",
      "This message has no text.",
      "This message was deleted.",
    ]);
  });
});

it("keeps the elements of an answer when it ends", async () => {
  await view.live({ messages: [answer(1, "", { status: "streaming" })] });
  await view.ops(token("a1", 0, "First.\n\nSecond **half"));
  for (let frame = 0; frame < 20; frame += 1) await view.clock.paint();
  const first = view.find(".body p");
  await view.ops({ op: "message", message: answer(1, "First.\n\nSecond **half** and whole.") });
  expect(view.find(".body p")).toBe(first);
  expect(view.text(".body strong")).toBe("half");
});

it("keeps words that were read but not stored apart from those that were", async () => {
  await view.live({
    messages: [answer(1, "Stored **text**", { status: "interrupted", unstored: " and *more*" })],
  });
  expect(view.text(".body > .markdown")).toBe("Stored text");
  expect(view.text(".lost .foot")).toBe("Shown while written, but not stored:");
  expect(view.text(".lost .markdown")).toBe("and more");
});

it("shows a person's words as they were typed, own ones on their way too", async () => {
  const text = "for i in x:\n    print(__name__, a*b*c)";
  await view.live({ messages: [question(1, text), question(2, text, ADA)] });
  view.store.send(text);
  await view.painted();
  expect([...view.root.querySelectorAll(".bubble")].map(({ textContent }) => textContent)).toEqual([
    text,
    text,
    text,
  ]);
});
