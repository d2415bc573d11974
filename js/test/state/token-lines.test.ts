import { describe, expect, it } from "vitest";
import vectors from "../../../tests/vectors/token_lines.json";
import { type KernelMessage, kernelMessage } from "../../src/kernel/messages";
import { EMPTY, receive, type ViewState } from "../../src/state/state";
import { chatState } from "../support/chat";

const START: ViewState = { ...EMPTY, n: 1, chat: chatState(), needsHello: false };

function heard(state: ViewState, ...sent: unknown[]): ViewState {
  return sent.map((each) => kernelMessage(each) as KernelMessage).reduce(receive, state);
}

function texts({ chat }: ViewState): Record<string, string> {
  return Object.fromEntries(Object.entries(chat?.streams ?? {}).map(([id, { text }]) => [id, text]));
}

it("reads the shared vectors", () => {
  let state = START;
  for (const [index, { name, sent, texts: wanted }] of vectors.steps.entries()) {
    state = heard(state, sent);
    expect(texts(state), name).toEqual(wanted);
    expect({ n: state.n, needsHello: state.needsHello }, name).toEqual({ n: index + 2, needsHello: false });
  }
  expect(state.chat?.streams.a2?.reasoning).toBe("hm!");
});

describe("a view asks for a snapshot", () => {
  const [first, second, third] = vectors.steps.map(({ sent }) => sent);

  it("where a message is missing", () => {
    expect(heard(START, first, third)).toMatchObject({ n: 2, needsHello: true });
  });

  it("where ten are missing, at the next offset that is said", () => {
    const missed = heard(START, first, [3, "and so on"]);
    const late = { kind: "ops", n: 4, ops: [{ op: "token", id: "a1", offset: 99, text: "x", line: 0 }] };
    expect(heard(missed, late)).toMatchObject({ needsHello: true });
  });

  it("where it does not know what goes on, and changes nothing until it comes", () => {
    const lost = heard(START, [2, "text"]);
    expect(lost).toMatchObject({ n: 1, needsHello: true });
    expect(heard(lost, first, second)).toBe(lost);
    expect(heard(START, first, [3, 5, "text"])).toMatchObject({ n: 2, needsHello: true });
    const told = heard(START, first, { kind: "snapshot", n: 2, state: chatState() });
    expect(heard(told, second)).toMatchObject({ n: 2, needsHello: true });
  });
});

it("takes no text twice where the snapshot was ahead of the messages", () => {
  const chat = chatState({ streams: { a1: { text: "Hi you and all", metrics: null } } });
  const [first, second] = vectors.steps.map(({ sent }) => sent);
  expect(texts(heard({ ...START, chat }, first, second))).toEqual({ a1: "Hi you and all" });
});
