// What comes twice, late, out of order, or with names that no one should have.
import { describe, expect, it } from "vitest";
import type { ChatMessage, Op } from "../../src/contract";
import type { ChatState, KernelMessage } from "../../src/kernel/messages";
import { applyOp } from "../../src/state/ops";
import { EMPTY, receive, restoreUnsent, startSend, type ViewState } from "../../src/state/state";
import { NO_LINES, noted, opsOf } from "../../src/state/token-lines";
import { answer, chatState, question, token } from "../support/chat";

const snapshot = (n: number, change: Partial<ChatState> = {}): KernelMessage => ({
  kind: "snapshot",
  n,
  state: chatState(change),
});
const ops = (n: number, ...list: Op[]): KernelMessage => ({ kind: "ops", n, ops: list });
const given = (...messages: KernelMessage[]): ViewState => messages.reduce(receive, EMPTY);
const open = answer(2, "", { status: "streaming" });

/** All orders of a few things. */
function orders<T>(things: readonly T[]): T[][] {
  if (things.length < 2) return [[...things]];
  return things.flatMap((thing, at) => orders(things.toSpliced(at, 1)).map((rest) => [thing, ...rest]));
}

describe("messages of the kernel", () => {
  const steps = [
    ops(2, { op: "message", message: question(3, "three") }),
    ops(3, { op: "message", message: question(1, "one") }),
    ops(4, { op: "typing", userIds: ["bo"] }),
  ];

  it.each(
    orders(steps).map((order) => [order.map((each) => (each as { n: number }).n).join(" "), order] as const),
  )("in the order %s are taken as they follow, and else asked for anew", (_names, order) => {
    const state = given(snapshot(1), ...order);
    const inOrder = order.every((each, at) => (each as { n: number }).n === at + 2);
    expect(state.needsHello).toBe(!inOrder);
    const whole = receive(state, snapshot(9, { messages: [question(1, "one"), question(3, "three")] }));
    expect([whole.needsHello, whole.n]).toEqual([false, 9]);
    expect(whole.chat?.messages.map(({ content }) => content)).toEqual(["one", "three"]);
  });

  it("that come twice change nothing the second time", () => {
    const state = given(snapshot(1), ...steps);
    for (const step of steps) expect(receive(state, step)).toBe(state);
  });

  it("before the first state change nothing, whatever they are", () => {
    for (const early of [...steps, { kind: "tokens", digit: 1, parts: ["x"] } as KernelMessage])
      expect(receive(EMPTY, early)).toBe(EMPTY);
  });

  it("of a kind that is not known change nothing", () => {
    const state = given(snapshot(1));
    expect(receive(state, { kind: "later", n: 2 } as never)).toBe(state);
    expect(receive(state, ops(2, { op: "later" } as never)).chat).toBe(state.chat);
  });

  it("keep a message that did not change the same object, so that it is not drawn again", () => {
    const first = given(snapshot(1, { messages: [question(1, "a"), question(2, "b")] }));
    const next = receive(first, snapshot(5, { messages: [question(1, "a"), question(2, "B")] }));
    expect(next.chat?.messages[0]).toBe(first.chat?.messages[0]);
    expect(next.chat?.messages[1]).not.toBe(first.chat?.messages[1]);
  });

  it.each<[string, Partial<ChatState>, number[]]>([
    ["joins them", { messages: [question(3, ""), question(4, "")], hasMore: true }, [1, 2, 3, 4]],
    ["leaves a gap", { messages: [question(7, ""), question(8, "")], hasMore: true }, [7, 8]],
    ["is of another epoch", { messages: [question(3, "")], hasMore: true, epoch: "f" }, [3]],
    ["is of another conversation", { messages: [question(3, "")], hasMore: true, conversationId: "x" }, [3]],
    ["has everything", { messages: [question(3, "")], hasMore: false }, [3]],
  ])("keep older pages where the new state %s", (_what, change, seqs) => {
    const pages = [1, 2, 3].map((seq) => question(seq, ""));
    const state = receive(given(snapshot(1, { messages: pages })), snapshot(5, change));
    expect(state.chat?.messages.map(({ metadata }) => metadata?.seq)).toEqual(seqs);
  });
});

describe("text that is being written", () => {
  it.each<[string, Op[], string | null]>([
    ["comes in pieces", [token("a2", 0, "ab"), token("a2", 2, "cd")], "abcd"],
    ["comes twice", [token("a2", 0, "ab"), token("a2", 0, "ab")], "ab"],
    ["overlaps", [token("a2", 0, "abc"), token("a2", 1, "bcde")], "abcde"],
    ["misses a piece", [token("a2", 0, "ab"), token("a2", 3, "d")], null],
    ["is counted in whole characters", [token("a2", 0, "🎉é"), token("a2", 2, "!")], "🎉é!"],
    ["overlaps in the middle of such", [token("a2", 0, "🎉🎉"), token("a2", 1, "🎉🎉")], "🎉🎉🎉"],
    ["has half of one", [token("a2", 0, "\ud83d"), token("a2", 1, "x")], "\ud83dx"],
    ["is empty", [token("a2", 0, "")], ""],
  ])("%s", (_what, list, text) => {
    const state = given(snapshot(1, { messages: [open] }), ops(2, ...list));
    expect(state.needsHello).toBe(text === null);
    if (text !== null) expect(state.chat?.streams.a2?.text).toBe(text);
  });

  it.each(["__proto__", "constructor", "toString", "hasOwnProperty"])(
    "may belong to a message called %s",
    (id) => {
      const message: ChatMessage = { ...open, id };
      const state = given(
        snapshot(1, { messages: [message] }),
        ops(2, token(id, 0, "Hi"), token(id, 2, "!")),
      );
      expect(Object.keys(state.chat?.streams ?? {})).toEqual([id]);
      const ended = receive(state, ops(3, { op: "streamEnd", id }));
      expect(Object.keys(ended.chat?.streams ?? {})).toEqual([]);
      expect(ended.chat?.messages.at(-1)?.content).toBe("Hi!");
      expect(Object.getPrototypeOf(ended.chat?.streams)).toBe(Object.prototype);
    },
  );

  it("that comes after its answer is final is no text any more", () => {
    const chat = chatState({ messages: [answer(2, "Done")] });
    expect(applyOp(chat, token("a2", 0, "late"))).toBe(chat);
    expect(applyOp(chat, { op: "streamEnd", id: "a2" })).toBe(chat);
  });

  it("keeps thoughts beside the words, and a gap in them costs no words", () => {
    const thought = (offset: number, text: string): Op =>
      ({ ...token("a2", offset, text), kind: "reasoning" }) as Op;
    const state = given(
      snapshot(1, { messages: [open] }),
      ops(
        2,
        thought(0, "hm"),
        token("a2", 0, "A"),
        thought(9, "lost"),
        thought(1, "mm"),
        token("a2", 1, "B"),
      ),
    );
    expect(state.needsHello).toBe(false);
    expect(state.chat?.streams.a2).toMatchObject({ text: "AB", reasoning: "hmm" });
    const ended = receive(state, ops(3, { op: "streamEnd", id: "a2" }));
    expect(ended.chat?.messages[0]?.metadata).toMatchObject({ reasoning: "hmm", status: "streaming" });
  });

  it("in its short form goes on where its line ended, and not on one that was never begun", () => {
    const begun = { ...token("a2", 0, "🎉 "), line: 3 } as never;
    const lines = noted(NO_LINES, begun);
    expect(opsOf({ kind: "tokens", digit: 0, parts: ["more"] }, lines)).toMatchObject([
      { id: "a2", offset: 2, text: "more" },
    ]);
    expect(opsOf({ kind: "tokens", digit: 0, parts: [3, "x"] }, lines)).toMatchObject([{ offset: 2 }]);
    expect(opsOf({ kind: "tokens", digit: 0, parts: [4, "x"] }, lines)).toBeNull();
    expect(opsOf({ kind: "tokens", digit: 0, parts: ["x"] }, NO_LINES)).toBeNull();
    expect(opsOf({ kind: "tokens", digit: 0, parts: [] }, NO_LINES)).toEqual([]);
  });

  it("in its short form with the wrong digit asks for everything", () => {
    const state = given(
      snapshot(1, { messages: [open] }),
      ops(2, { ...token("a2", 0, "A"), line: 0 } as never),
    );
    const next = receive(state, { kind: "tokens", digit: 3, parts: ["B"] });
    expect([next.n, next.chat?.streams.a2?.text]).toEqual([3, "AB"]);
    expect(receive(next, { kind: "tokens", digit: 3, parts: ["C"] }).needsHello).toBe(true);
  });
});

describe("an own message on its way", () => {
  it("is confirmed by the queue as well, and only by its own id", () => {
    const sending = startSend(startSend(given(snapshot(1)), "m1", "r1", "one"), "m2", "r2", "two");
    const queue = { count: 1, items: [{ id: "m1" }], note: "", asOf: null } as never;
    const next = receive(sending, ops(2, { op: "queue", queue }));
    expect(next.outbox.map(({ id }) => id)).toEqual(["m2"]);
  });

  it("from before a reload stands first, once, and with its reason", () => {
    const state = startSend(given(snapshot(1, { messages: [question(1, "there")] })), "new", "r", "new");
    const kept = [
      { id: "q1", text: "there already" },
      { id: "old", text: "old", choice: "c", options: { replyTo: "q1" } },
      { id: "new", text: "known" },
    ];
    const next = restoreUnsent(state, kept);
    expect(next.outbox.map(({ id, state: how }) => [id, how])).toEqual([
      ["old", "failed"],
      ["new", "sending"],
    ]);
    expect(next.outbox[0]).toMatchObject({
      ...{
        error: "The page was loaded again before the hub had it.",
        choice: "c",
        options: { replyTo: "q1" },
      },
    });
    expect(restoreUnsent(next, kept)).toBe(next);
  });

  it("is not settled by replies to something else", () => {
    const state = startSend(given(snapshot(1)), "m1", "r1", "one");
    expect(receive(state, { kind: "reply", requestId: "r2", ok: false, error: { message: "x" } })).toBe(
      state,
    );
    expect(receive(state, { kind: "reply", requestId: "r1", ok: true }), "without a receipt").toBe(state);
  });
});

it("two thousand messages in any order come out in theirs, one for each id", () => {
  let chat = chatState();
  const seqs = Array.from({ length: 2_000 }, (_, at) => (at * 7_919) % 2_000);
  for (const seq of seqs) chat = applyOp(chat, { op: "message", message: question(seq, "") }) ?? chat;
  for (const seq of seqs.slice(0, 50))
    chat = applyOp(chat, { op: "message", message: question(seq, "again") }) ?? chat;
  expect(chat.messages).toHaveLength(2_000);
  expect(chat.messages.every(({ metadata }, at) => metadata?.seq === at)).toBe(true);
});
