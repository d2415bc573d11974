import { describe, expect, it } from "vitest";
import type { ChatMessage } from "../../../src/contract";
import { dayLabel } from "../../../src/views/transcript/lines";
import { rowsIn, rowsOf } from "../../../src/views/transcript/rows";
import { ADA, answer, BO, question } from "../../support/chat";

const NOTHING = { notices: [], unreadAfter: null, readMarks: {}, selfId: "ada" };

function at(message: ChatMessage, time: string): ChatMessage {
  return { ...message, metadata: { ...message.metadata, timestamp: `2026-11-${time}` } };
}

describe("days", () => {
  it("begin with the first message of each", () => {
    const messages = [
      at(question(1, "a"), "22T10:00:00"),
      at(answer(2, "b"), "22T10:01:00"),
      at(question(3, "c"), "23T10:00:00"),
      question(4, "without a time"),
    ];
    const days = rowsOf(messages, NOTHING).map(({ day }) => day);
    expect(days).toEqual(["2026-11-22T10:00:00", null, "2026-11-23T10:00:00", null]);
  });

  it("are called by people's names for them", () => {
    const now = new Date("2026-11-23T12:00:00");
    expect(dayLabel("2026-11-23T01:00:00", now)).toBe("Today");
    expect(dayLabel("2026-11-22T23:00:00", now)).toBe("Yesterday");
    expect(dayLabel("2026-11-16T23:00:00", now)).toMatch(/^Monday,? 16 November 2026$/);
  });
});

describe("messages that stand together", () => {
  const first = at(question(1, "a"), "22T10:00:00");

  it.each<[string, ChatMessage, boolean]>([
    ["the same person soon after", at(question(2, "b"), "22T10:04:00"), true],
    ["the same person later", at(question(2, "b"), "22T10:06:00"), false],
    ["somebody else", at(question(2, "b", ADA), "22T10:01:00"), false],
    ["an answer", at(answer(2, "b"), "22T10:01:00"), false],
    ["one without a time", question(2, "b"), false],
    [
      "a reply to something",
      at({ ...question(2, "b"), metadata: { seq: 2, replyTo: "x" } }, "22T10:01:00"),
      false,
    ],
  ])("%s", (_, second, follows) => {
    const second2 = { ...second, metadata: { ...second.metadata } };
    expect(rowsOf([first, second2], NOTHING)[1]?.follows).toBe(follows);
  });

  it("do not over midnight, what is new, what was deleted, or a notice", () => {
    const night = [at(question(1, "a"), "22T23:59:00"), at(question(2, "b"), "23T00:01:00")];
    expect(rowsOf(night, NOTHING)[1]?.follows).toBe(false);
    const pair = [first, at(question(2, "b"), "22T10:01:00")];
    expect(rowsOf(pair, { ...NOTHING, unreadAfter: 1 })[1]?.follows).toBe(false);
    const deleted = { ...first, metadata: { ...first.metadata, deletedAt: "x" } };
    expect(rowsOf([deleted, pair[1] as ChatMessage], NOTHING)[1]?.follows).toBe(false);
    const notice = { id: "n", kind: "limit", text: "t", timestamp: "", priority: 1, afterSeq: 1 } as const;
    const notices = [{ ...notice, conversationId: null, messageId: null, said: null }];
    const rows = rowsOf(pair, { ...NOTHING, notices });
    expect(rows[1]?.follows).toBe(false);
    expect(rows[0]?.notices).toEqual(notices);
  });
});

describe("what is new", () => {
  const messages = [question(1, "a"), question(2, "mine", ADA), question(3, "b"), question(4, "c")];
  const unread = (unreadAfter: number | null): boolean[] =>
    rowsOf(messages, { ...NOTHING, unreadAfter }).map(({ isUnread }) => isUnread);

  it("begins with the first that others wrote since", () => {
    expect(unread(1)).toEqual([false, false, true, false]);
    expect(unread(0)).toEqual([true, false, false, false]);
    expect(unread(4)).toEqual([false, false, false, false]);
    expect(unread(null)).toEqual([false, false, false, false]);
  });
});

describe("who has read how far", () => {
  it("stands at the newest message that their mark covers, oneself aside", () => {
    const messages = [question(1, "a"), question(3, "b")];
    const readMarks = { ada: 3, bo: 1, cy: 2, di: 3, ed: 9, fy: 0, gi: Number.NaN };
    const readers = rowsOf(messages, { ...NOTHING, readMarks }).map((row) => row.readers);
    expect(readers).toEqual([
      ["bo", "cy"],
      ["di", "ed"],
    ]);
  });

  it("is nobody before the first message at hand", () => {
    expect(rowsOf([question(5, "a", BO)], { ...NOTHING, readMarks: { bo: 2 } })[0]?.readers).toEqual([]);
  });
});

describe("a part of the messages", () => {
  const messages = Array.from({ length: 6 }, (_, index) =>
    at(question(index + 1, "x"), `22T10:0${index}:00`),
  );

  it("has the rows that it has in the whole", () => {
    const options = { ...NOTHING, unreadAfter: 1, readMarks: { bo: 3, cy: 6, di: 1 } };
    const rows = rowsIn(messages, { start: 2, end: 4 }, options);
    expect(rows.map(({ message }) => message.metadata?.seq)).toEqual([3, 4]);
    expect(rows.map(({ isUnread }) => isUnread)).toEqual([false, false]);
    expect(rows.map(({ readers }) => readers)).toEqual([["bo"], []]);
    expect(rows.map(({ follows }) => follows)).toEqual([true, true]);
    expect(rows[0]?.day).toBeNull();
  });

  it("is all of them, or none", () => {
    expect(rowsIn(messages, { start: 0, end: 6 }, NOTHING)).toEqual(rowsOf(messages, NOTHING));
    expect(rowsIn([], { start: 0, end: 0 }, NOTHING)).toEqual([]);
  });
});
