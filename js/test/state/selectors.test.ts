import { signal } from "@preact/signals";
import { expect, it } from "vitest";
import type { ChatState } from "../../src/kernel/messages";
import { applyOp } from "../../src/state/ops";
import { createSelectors } from "../../src/state/selectors";
import { answer, chatState, token } from "../support/chat";

it("has nothing to stop without a kernel: the answer is the hub's", () => {
  const chat = signal<ChatState | null>(chatState({ messages: [answer(1, "", { status: "streaming" })] }));
  const kernel = signal("answering");
  const { stoppable } = createSelectors(chat, kernel);
  expect(stoppable.value).toBe("a1");
  kernel.value = "gone";
  expect(stoppable.value).toBeNull();
});

it("keeps what stands beside the text that grows the same object", () => {
  const first = chatState({ messages: [answer(1, "", { status: "streaming" })], conversation: null });
  const chat = signal<ChatState | null>(first);
  const { settled } = createSelectors(chat, signal("answering"));
  expect(settled.value).toBe(first);
  chat.value = applyOp(first, token("a1", 0, "one"));
  expect(chat.value?.streams.a1?.text).toBe("one");
  expect(settled.value).toBe(first);
  chat.value = applyOp(first, { op: "typing", userIds: ["bo"] });
  expect(settled.value?.typing).toEqual(["bo"]);
  const { conversation: _gone, ...rest } = first;
  chat.value = rest;
  expect(settled.value?.conversation).toBeUndefined();
  chat.value = null;
  expect(settled.value).toBeNull();
});
