import { describe, expect, it } from "vitest";
import vectors from "../../../tests/vectors/ops.json";
import type { ChatState, KernelMessage } from "../../src/kernel/messages";
import { applyOp, MAX_MESSAGES } from "../../src/state/ops";
import { EMPTY, receive, type ViewState } from "../../src/state/state";
import { chatState, question } from "../support/chat";

describe("the shared vectors", () => {
  it.each(vectors.cases)("$name", ({ before, messages, after }) => {
    const start = { ...vectors.base, ...before } as ChatState;
    let state: ViewState = { ...EMPTY, n: 1, chat: start, needsHello: false };
    for (const message of messages) state = receive(state, message as KernelMessage);
    expect(state.chat).toEqual({ ...vectors.base, ...after.state });
    expect({ n: state.n, needsHello: state.needsHello }).toEqual({
      n: after.n,
      needsHello: after.needsHello,
    });
  });
});

it("changes nothing it was given", () => {
  for (const { before, messages } of vectors.cases) {
    const start = deepFreeze({ ...vectors.base, ...before }) as ChatState;
    let state: ViewState = { ...EMPTY, n: 1, chat: start, needsHello: false };
    for (const message of messages) state = receive(state, deepFreeze(message) as KernelMessage);
  }
});

it("keeps no more messages than the kernel does", () => {
  const messages = Array.from({ length: MAX_MESSAGES }, (_, index) => question(index, ""));
  const next = applyOp(chatState({ messages }), { op: "message", message: question(MAX_MESSAGES, "new") });
  expect(next?.messages).toHaveLength(MAX_MESSAGES);
  expect(next?.messages.at(-1)?.content).toBe("new");
  expect(next?.hasMore).toBe(true);
});

it.each(["editedAt", "deletedAt", "reactions"])("leaves a message with %s to its page", (key) => {
  const chat = chatState({ messages: [question(8, "")], hasMore: true });
  const old = question(2, "old");
  const message = { ...old, metadata: { ...old.metadata, [key]: {} } } as typeof old;
  expect(applyOp(chat, { op: "message", message })).toBe(chat);
  expect(applyOp({ ...chat, hasMore: false }, { op: "message", message })?.messages).toHaveLength(2);
  const page = applyOp(chat, { op: "history", messages: [message, question(7, "")], hasMore: false });
  expect(page?.messages.map((each) => each.metadata?.seq)).toEqual([2, 7, 8]);
});

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null) Object.values(Object.freeze(value)).forEach(deepFreeze);
  return value;
}
