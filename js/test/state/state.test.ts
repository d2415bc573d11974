import { expect, it } from "vitest";
import { discard, EMPTY, failSend, receive, startSend, type ViewState } from "../../src/state/state";
import { ADA, chatState, question } from "../support/chat";

const live: ViewState = receive(EMPTY, { kind: "snapshot", n: 1, state: chatState() });

function mine(id: string) {
  return { ...question(3, "Hi", ADA), id };
}

it("shows an own message at once and drops it when the conversation has it", () => {
  const sending = startSend(live, "m1", "r1", "Hi");
  expect(sending.outbox).toMatchObject([{ id: "m1", text: "Hi", state: "sending" }]);
  const done = receive(sending, { kind: "ops", n: 2, ops: [{ op: "message", message: mine("m1") }] });
  expect(done.outbox).toEqual([]);
  expect(done.chat?.messages).toHaveLength(1);
});

it("keeps an acknowledged message in view until it arrives", () => {
  const sending = startSend(live, "m1", "r1", "Hi");
  const receipt = { id: "m1", seq: 3, timestamp: "" };
  const sent = receive(sending, { kind: "reply", requestId: "r1", ok: true, result: receipt });
  expect(sent.outbox).toMatchObject([{ id: "m1", state: "sent" }]);
});

it("marks a refused message with the reason and tries again under the same id", () => {
  const sending = startSend(live, "m1", "r1", "Hi");
  const failed = receive(sending, { kind: "reply", requestId: "r1", ok: false, error: { message: "No." } });
  expect(failed.outbox).toMatchObject([{ id: "m1", state: "failed", error: "No." }]);
  const again = startSend(failed, "m1", "r2", "Hi");
  expect(again.outbox).toEqual([
    { id: "m1", requestId: "r2", text: "Hi", choice: "", options: {}, state: "sending", error: null },
  ]);
  expect(failSend(again, "r1", "late"), "a reply to the first try says nothing about the second").toBe(again);
  expect(discard(failed, "m1").outbox).toEqual([]);
});

it("clears a message that a snapshot contains", () => {
  const sending = startSend(live, "m1", "r1", "Hi");
  const next = receive(sending, { kind: "snapshot", n: 5, state: chatState({ messages: [mine("m1")] }) });
  expect(next.outbox).toEqual([]);
});

it("keeps the identity of messages a snapshot did not change", () => {
  const state = chatState({ messages: [question(1, "a"), question(2, "b")] });
  const first = receive(EMPTY, { kind: "snapshot", n: 1, state });
  const second = receive(first, {
    kind: "snapshot",
    n: 2,
    state: chatState({ messages: [question(1, "a"), question(2, "B")] }),
  });
  expect(second.chat?.messages[0]).toBe(first.chat?.messages[0]);
  expect(second.chat?.messages[1]?.content).toBe("B");
});

it("ignores messages of kinds it does not know", () => {
  expect(receive(live, { kind: "fireworks" } as never)).toBe(live);
});

it("compares a snapshot with what is there in one walk, however long the conversation is", () => {
  let reads = 0;
  const counted = Array.from({ length: 1_000 }, (_, seq) =>
    Object.defineProperty(question(seq, "words"), "id", {
      enumerable: true,
      get() {
        reads += 1;
        return `q${seq}`;
      },
    }),
  );
  const state = receive(EMPTY, { kind: "snapshot", n: 1, state: chatState({ messages: counted }) });
  const fresh = counted.map((_, seq) => question(seq, "words"));
  reads = 0;
  const next = receive(state, { kind: "snapshot", n: 1, state: chatState({ messages: fresh }) });
  expect(next.chat?.messages[999]).toBe(counted[999]);
  expect(reads).toBeLessThan(10 * counted.length);
});
