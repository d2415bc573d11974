// @vitest-environment happy-dom

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  MOST_SAMPLES,
  messageRate,
  type Sample,
  tokenRate,
  withSample,
} from "../../../src/views/details/figures";
import { answer, question, token } from "../../support/chat";
import { until } from "../../support/until";
import { View } from "../../support/view";

const SAMPLE: Sample = { latency: null, tokens: 0, messages: 0, reconnects: 0, queue: 0 };

describe("the figures", () => {
  it("are kept for two minutes and no longer", () => {
    let samples: readonly Sample[] = [];
    for (let at = 0; at < 500; at += 1) samples = withSample(samples, { ...SAMPLE, queue: at });
    expect(samples).toHaveLength(MOST_SAMPLES);
    expect(samples[0]?.queue).toBe(500 - MOST_SAMPLES);
  });

  it("count the tokens of all answers and the messages of a minute", () => {
    expect(tokenRate({})).toBe(0);
    const metrics = { tokensPerSecond: 20 };
    expect(
      tokenRate({ a: { text: "", metrics }, b: { text: "", metrics }, c: { text: "", metrics: null } }),
    ).toBe(40);
    const at = (timestamp: string) => ({ ...question(1, "Q"), metadata: { seq: 1, timestamp } });
    const messages = [
      at("2026-01-01T10:00:00Z"),
      at("2026-01-01T10:01:30Z"),
      at("2026-01-01T10:02:00Z"),
      at("?"),
    ];
    expect(messageRate(messages, Date.parse("2026-01-01T10:02:10Z"))).toBe(2);
  });
});

describe("the panel", () => {
  let view: View;
  beforeEach(async () => {
    view = new View();
    await view.live();
    await view.painted();
  });
  afterEach(() => view.close());

  const button = (): HTMLButtonElement => view.find("button[aria-label=Details]");
  const value = (name: string): string =>
    [...view.root.querySelectorAll(".plots > div")]
      .find((row) => row.querySelector("dt")?.textContent === name)
      ?.querySelector(".value")?.textContent ?? "";
  const asked = () => view.host.all("health");

  async function open(): Promise<void> {
    button().click();
    await until(async () => {
      await view.painted();
      expect(view.root.querySelector(".plots")).not.toBeNull();
    });
  }

  it("shows each figure by name, and the round trip once it is measured", async () => {
    await open();
    expect(view.find(".sheet").getAttribute("aria-label")).toBe("Details");
    expect(button().getAttribute("aria-expanded")).toBe("true");
    expect(value("Round trip to the hub")).toBe("–");
    const requestId = asked()[0]?.requestId ?? "";
    await view.hear({ kind: "reply", requestId, ok: true, result: { latency: 12.3 } });
    await view.pass(1_050);
    expect(value("Round trip to the hub")).toBe("12 ms");
    expect(value("Waiting to be sent")).toBe("0");
    await view.pass(1_050);
    expect(view.root.querySelectorAll(".plots svg[role=img]")).toHaveLength(5);
    expect(view.find(".plots svg").getAttribute("aria-label")).toBe("steady at 12 ms");
  });

  it("follows tokens and what waits", async () => {
    await view.live({ messages: [question(1, "Q"), answer(2, "", { status: "streaming" })] });
    await view.ops(token("a2", 0, "Hi", { tokensPerSecond: 42 }));
    await open();
    expect(value("Tokens")).toBe("42 per second");
    await view.live({ connection: { state: "reconnecting", attempt: 1, retryAt: null, message: null } });
    view.store.send("one");
    await view.painted();
    await view.pass(1_050);
    expect(value("Waiting to be sent")).toBe("1");
    await view.live();
    await view.pass(1_050);
    expect(value("Reconnects since this was opened")).toBe("1");
  });

  it("measures nothing while it is closed", async () => {
    expect(asked()).toEqual([]);
    await open();
    expect(asked()).toHaveLength(1);
    button().click();
    await view.painted();
    await view.pass(10_000);
    expect(asked()).toHaveLength(1);
  });
});
