// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Op } from "../../../src/contract";
import { applyOp } from "../../../src/state/ops";
import { thoughtLabel } from "../../../src/views/beside/reasoning";
import { answer, chatState, figures, question, token } from "../../support/chat";
import { View } from "../../support/view";

let view: View;

beforeEach(() => {
  view = new View();
});

afterEach(() => view.close());

function thought(offset: number, text: string): Op {
  return { op: "token", id: "a2", offset, text, kind: "reasoning" };
}

/** Unfolds or folds it, as a click does. */
async function toggle(): Promise<void> {
  const details = view.find<HTMLDetailsElement>("details.reasoning");
  details.open = !details.open;
  details.dispatchEvent(new Event("toggle"));
  await view.painted();
}

describe("reasoning", () => {
  const open = answer(2, "", { status: "streaming" });

  it("is folded, apart from the answer, while it comes and after", async () => {
    await view.live({ messages: [question(1, "Q"), open] });
    expect(view.root.querySelector(".reasoning")).toBeNull();
    await view.ops(thought(0, "Let me <think>"));
    expect(view.text(".reasoning summary")).toBe("Thinking…");
    expect(view.text(".reasoning")).not.toContain("Let me");
    await toggle();
    await view.ops(thought(14, " a while."));
    expect(view.text(".thoughts")).toBe("Let me <think> a while.");
    await view.ops({ op: "token", id: "a2", offset: 0, text: "Yes.", metrics: { reasoningTime: 8200 } });
    expect(view.text(".reasoning summary")).toBe("Thought for 8 s");
    const final = answer(2, "Yes.", { reasoning: "Let me <think> a while.", reasoningTime: 8200 });
    await view.ops({ op: "streamEnd", id: "a2" }, { op: "message", message: final });
    expect(view.text(".reasoning summary")).toBe("Thought for 8 s");
    expect(view.text(".thoughts")).toBe("Let me <think> a while.");
    expect(view.text(".answer .body")).toBe("Yes.");
  });

  it("of a late joiner is what there is so far", async () => {
    await view.live({
      messages: [question(1, "Q"), open],
      streams: { a2: { text: "", reasoning: "So far", metrics: null } },
    });
    await toggle();
    expect(view.text(".thoughts")).toBe("So far");
  });

  it("that is no text is not shown", async () => {
    await view.live({ messages: [question(1, "Q"), answer(2, "Yes.", { reasoning: { a: 1 } as never })] });
    expect(view.root.querySelector(".reasoning")).toBeNull();
  });
});

describe("an answer without a word", () => {
  it("says what is waited for and for how long, and for a server of one's own what that may be", async () => {
    const messages = [question(1, "Q"), answer(2, "", { status: "streaming" })];
    const provider = { provider: "ollama", model: "m", state: "healthy" as const, reason: "" };
    await view.live({ messages, provider });
    expect(view.text(".answer .waiting")).toContain("Thinking…");
    for (let second = 0; second < 4; second += 1) await view.pass(1_000);
    expect(view.text(".answer .waiting .late")).toBe(" Waiting for the first token, 4 s");
    for (let second = 0; second < 8; second += 1) await view.pass(1_000);
    expect(view.text(".answer .waiting .late")).toBe(
      " Waiting for the first token, 12 s. The server may be loading its model.",
    );
    await view.ops(thought(0, "Hm"));
    expect(view.text(".answer .waiting")).toContain("Thinking…");
  });

  it("says that a limit is waited for, and Stop is there meanwhile", async () => {
    const messages = [question(1, "Q"), answer(2, "", { status: "streaming" })];
    const provider = { provider: "acme", model: "m", state: "rate_limited" as const, reason: "" };
    await view.live({ messages, provider, providers: [figures("acme", { state: "rate_limited" })] });
    for (let second = 0; second < 4; second += 1) await view.pass(1_000);
    expect(view.text(".answer .waiting .late")).toBe(" Waiting for acme's limit, 4 s");
    expect(view.find("button[title^=Stop]")).toBeTruthy();
  });
});

describe("the ops", () => {
  it("count reasoning and text apart, skip what is known, and leave a hole to the end", () => {
    const before = chatState({ streams: { a2: { text: "Yes", reasoning: "😀b", metrics: null } } });
    const after = applyOp(before, thought(1, "bc"));
    expect(after?.streams.a2).toEqual({ text: "Yes", reasoning: "😀bc", metrics: null });
    expect(applyOp(before, thought(9, "x"))).toBe(before);
    expect(after && applyOp(after, token("a2", 3, "!"))?.streams.a2).toEqual({
      text: "Yes!",
      reasoning: "😀bc",
      metrics: null,
    });
  });
});

describe("the label", () => {
  it("tells seconds, minutes, or nothing where nothing was measured", () => {
    const labels = [undefined, "8", Number.NaN, 200, 8200, 60_000, 125_000].map(thoughtLabel);
    expect(labels).toEqual([
      "Thought",
      "Thought",
      "Thought",
      "Thought for 1 s",
      "Thought for 8 s",
      "Thought for 1 min",
      "Thought for 2 min 5 s",
    ]);
  });
});
