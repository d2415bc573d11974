import { expect, it } from "vitest";
import type { ChatState } from "../../src/kernel/messages";
import { createAnnouncer, sentenceEnd, spoken } from "../../src/messages/announce";
import { ADA, answer, BO, chatState, question } from "../support/chat";
import { quickestOf } from "../support/quickest";

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
  expect(spoken("It is **noted**. Really *so*, (`x`)!")).toBe("It is noted. Really so, ( x)!");
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

it("forgets what has left the view, and is not told it twice", () => {
  const announcer = createAnnouncer();
  const chat = (from: number) =>
    chatState({
      messages: Array.from({ length: 10 }, (_, index) => question(from + index, `m${from + index}`)),
    });
  announcer.update(chat(0), true);
  let last: string | undefined;
  for (let from = 1; from < 200; from += 1) last = announcer.update(chat(from), false).at(-1)?.text;
  expect(last).toBe("Bo: m208");
  const before = announcer.update(chat(199), false).at(-1)?.key;
  expect(announcer.update(chat(100), false).at(-1)?.key, "older messages loaded again are history").toBe(
    before,
  );
});

it("says a person's words as they were typed, and their name plain", () => {
  const announcer = createAnnouncer();
  const by = { ...BO, userName: "B\u202eo\u200b" };
  const chat = chatState({ messages: [question(1, "use __init__\n  and a*b", by)] });
  expect(announcer.update(chat, false).map(({ text }) => text)).toEqual(["Bo: use __init__ and a*b"]);
});
