// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { NoticeLine } from "../../../src/contract";
import { answer, figures, question } from "../../support/chat";
import { View } from "../../support/view";

const LOCAL = figures("local", { models: ["smol.gguf"] });
const OPENAI = figures("openai", { models: ["gpt", "gpt-mini"] });
const LINE = { provider: "local", model: "smol.gguf", state: "healthy" as const, reason: "" };

function notice(change: Partial<NoticeLine> = {}): NoticeLine {
  return {
    ...{ id: "n", kind: "limit", text: "openai has used 82 %.", timestamp: "", priority: 1, afterSeq: 1 },
    ...{ conversationId: null, messageId: null, said: null },
    ...change,
  };
}

let view: View;
beforeEach(() => {
  view = new View();
});
afterEach(() => view.close());

describe("the provider line", () => {
  it("opens the details, which are asked for while they are open", async () => {
    await view.live({ providers: [LOCAL, OPENAI], provider: LINE, failovers: [notice({ text: "a; b." })] });
    const line = view.find("button.provider");
    expect(line.getAttribute("aria-expanded")).toBe("false");
    expect(view.find(".details").hidden).toBe(true);
    line.click();
    await view.painted();
    expect(line.getAttribute("aria-expanded")).toBe("true");
    expect(view.find(`#${line.getAttribute("aria-controls")?.replaceAll(":", "\\:")}`).hidden).toBe(false);
    expect([...view.root.querySelectorAll(".providers > li")].map((row) => row.ariaLabel)).toHaveLength(2);
    expect(view.text(".failovers")).toContain("a; b.");
    expect(view.host.all("providers")).toHaveLength(1);
    await view.pass(5_000);
    expect(view.host.all("providers")).toHaveLength(2);
    line.click();
    await view.painted();
    await view.pass(10_000);
    expect(view.host.all("providers")).toHaveLength(2);
  });
});

describe("a notice of the hub", () => {
  it("is a quiet line where it came, told once", async () => {
    await view.live({ messages: [question(1, "Q"), answer(2, "A")] });
    await view.ops({ op: "notice", notice: notice() });
    const lines = [...view.root.querySelectorAll(".content > *")].map(({ textContent }) => textContent);
    expect(lines[1]).toBe("openai has used 82 %.");
    expect(view.text("[aria-live=polite]")).toContain("openai has used 82 %.");
  });

  it("of a failover gives way to the answer's own words", async () => {
    const told = notice({ kind: "failover", messageId: "a2", afterSeq: 2 });
    await view.live({ messages: [question(1, "Q"), answer(2, "", { status: "streaming" })] });
    await view.ops({ op: "notice", notice: told });
    expect(view.root.querySelectorAll(".note")).toHaveLength(1);
    const segments = [
      { provider: "a", model: "m", from: 0, to: 4, outcome: "failed" as const, reason: "cut" },
      { provider: "b", model: "m", from: 4, to: 8, outcome: "complete" as const, reason: null },
    ];
    await view.ops({ op: "message", message: answer(2, "One two.", { segments }) });
    expect(view.root.querySelectorAll(".note")).toHaveLength(0);
    expect(view.text(".answer .seam")).toBe("continued by b");
    expect(view.text(".answer .body p")).toBe("One continued by b two.".replace(" continued", "continued"));
    expect(view.text(".switched")).toBe("a broke off (cut); b went on.");
  });
});

describe("the first picture of an answer", () => {
  it("is reported once, and never of a history", async () => {
    await view.live({
      messages: [question(1, "Q"), answer(2, "", { status: "streaming" })],
      streams: { a2: { text: "So far", metrics: null } },
    });
    await view.ops({ op: "token", id: "a2", offset: 6, text: " on" });
    await view.painted();
    expect(view.host.all("painted")).toEqual([]);
    await view.ops({ op: "message", message: answer(4, "", { status: "streaming" }) });
    await view.ops({ op: "token", id: "a4", offset: 0, text: "New" });
    await view.ops({ op: "token", id: "a4", offset: 3, text: " text" });
    await view.painted();
    expect(view.host.all("painted")).toMatchObject([{ messageId: "a4" }]);
    expect(view.host.all("painted")[0]?.held).toBeGreaterThanOrEqual(0);
  });
});
