import { expect, it } from "vitest";
import { createAnnouncer, sentenceEnd, spoken } from "../src/announce";
import type { ChatState } from "../src/contract";
import { ADA, answer, chatState, question } from "./support/chat";
import { quickestOf } from "./support/quickest";

const open = answer(2, "", { status: "streaming" });

function streaming(text: string): ChatState {
  return chatState({ messages: [open], streams: { a2: { text, metrics: null } } });
}

it("says an answer sentence by sentence, each once, and the rest at its end", () => {
  const announcer = createAnnouncer();
  const texts = (chat: ChatState) => announcer.update(chat, false).map(({ text }) => text);
  expect(texts(streaming("It is 3.5 me"))).toEqual([]);
  expect(texts(streaming("It is 3.5 metres. And"))).toEqual(["It is 3.5 metres."]);
  expect(texts(streaming("It is 3.5 metres. And more"))).toEqual(["It is 3.5 metres."]);
  const done = chatState({ messages: [answer(2, "It is 3.5 metres. And more")] });
  expect(texts(done)).toEqual(["It is 3.5 metres.", "And more"]);
  expect(texts(done)).toHaveLength(2);
});

it("says others' messages with their name, own ones and history never", () => {
  const announcer = createAnnouncer();
  announcer.update(chatState({ messages: [question(1, "Old")] }), true);
  const chat = chatState({ messages: [question(1, "Old"), question(2, "New"), question(3, "Mine", ADA)] });
  expect(announcer.update(chat, false).map(({ text }) => text)).toEqual(["Bo: New"]);
});

it("takes text that was there before as read", () => {
  const announcer = createAnnouncer();
  announcer.update(streaming("Read already. Now"), true);
  expect(announcer.update(streaming("Read already. Now this. x"), false).map(({ text }) => text)).toEqual([
    "this.",
  ]);
});

it("leaves Markdown marks out", () => {
  expect(spoken("## A **bold** [link](https://x.y) and `code`")).toBe("A bold link and code");
});

it("stays fast on long text without any sentence", () => {
  const quickest = quickestOf(3, () => {
    const started = performance.now();
    expect(sentenceEnd("x ".repeat(200_000), 0)).toBe(0);
    expect(sentenceEnd("line\n".repeat(50_000), 0)).toBe(250_000);
    return performance.now() - started;
  });
  expect(quickest).toBeLessThan(1_000);
});
