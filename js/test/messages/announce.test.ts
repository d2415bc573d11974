import { expect, it } from "vitest";
import type { ChatMessage } from "../../src/contract";
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

const said = (...messages: ChatMessage[]): string[] => {
  const announcer = createAnnouncer();
  announcer.update(chatState(), true);
  return announcer.update(chatState({ messages }), false).map(({ text }) => text);
};
const files = (...names: unknown[]): ChatMessage => ({
  ...question(1, ""),
  attachments: names.map((name) => ({ name })),
});

it.each<[string, ChatMessage, string[]]>([
  ["files alone are named", files("plot.png", "a.csv"), ["Bo: plot.png, a.csv"]],
  ["names of files are plain", files("a\u202egpj.exe", 7, "\n"), ["Bo: agpj.exe"]],
  ["no text at all is said to be none", question(1, " \n"), ["Bo: This message has no text."]],
  [
    "a picture alone has no text",
    { ...question(1, ""), content: [{ type: "image_url", image_url: { url: "x" } }] },
    ["Bo: This message has no text."],
  ],
  [
    "what was deleted before it was heard is not said",
    { ...question(1, ""), metadata: { seq: 1, deletedAt: "2026-01-01" } },
    [],
  ],
  ["half a letter is no reason to be silent", question(1, "\ud83d"), ["Bo: \ud83d"]],
  [
    "an answer that is cut off says so after its words",
    answer(1, "So far", { finishReason: "length" }),
    ["So far Cut off at the length limit."],
  ],
  [
    "a stopped one as well",
    answer(1, "So far", { status: "cancelled" }),
    ["So far Stopped. The text so far is kept."],
  ],
  [
    "one without a word says why",
    answer(1, "", { finishReason: "content_filter" as never }),
    ["The provider held the answer back. Ask in other words."],
  ],
  [
    "one that failed says why",
    { ...answer(1, "", { status: "error" }), error: { type: "auth_error", recoverable: false } },
    ["The provider refused the key."],
  ],
  [
    "one that failed on its way says its words first",
    { ...answer(1, "Half", { status: "error" }), error: { type: "network_error", recoverable: true } },
    ["Half The provider could not be reached."],
  ],
  ["a whole one says no more than its words", answer(1, "All of it."), ["All of it."]],
])("%s", (_what, message, expected) => {
  expect(said(message)).toEqual(expected);
});

it("says why an answer ended once, whatever comes after", () => {
  const announcer = createAnnouncer();
  announcer.update(streaming("One. Tw"), false);
  const ended = chatState({ messages: [answer(2, "One. Two", { status: "interrupted" })] });
  const last = announcer.update(ended, false);
  expect(last.at(-1)?.text).toBe("Two Interrupted before the end. Ask again.");
  expect(announcer.update({ ...ended, typing: ["bo"] }, false)).toEqual(last);
});

it("says a line that begins with code in a line, and leaves out fences", () => {
  expect(spoken("```x``` is it")).toBe("x is it");
  expect(spoken("```py\nx\n```\nSo")).toBe("x So");
});

it("says a person's words as they were typed, and their name plain", () => {
  const announcer = createAnnouncer();
  const by = { ...BO, userName: "B\u202eo\u200b" };
  const chat = chatState({ messages: [question(1, "use __init__\n  and a*b", by)] });
  expect(announcer.update(chat, false).map(({ text }) => text)).toEqual(["Bo: use __init__ and a*b"]);
});
