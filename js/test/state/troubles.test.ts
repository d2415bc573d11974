import { expect, it } from "vitest";
import type { ConnectionInfo } from "../../src/contract";
import type { KernelHealth } from "../../src/kernel/link";
import { hubTrouble, KERNEL_TROUBLES, overdueLine, sendingLine, stopHint } from "../../src/state/troubles";

function connection(state: ConnectionInfo["state"], message: string | null = null): ConnectionInfo {
  return { state, attempt: 0, retryAt: null, message };
}

const LIVE = connection("live");
const AWAY = connection("reconnecting", "The hub is gone.");

it("waits on for what is taken in the end, and says so of everything else", () => {
  expect(overdueLine("send", "blocked", LIVE)).toBeNull();
  expect(overdueLine("send", "answering", AWAY)).toBeNull();
  expect(overdueLine("stop", "answering", AWAY)).toContain("30 s");
  expect(overdueLine("send", "answering", connection("offline"))).toContain("30 s");
  expect(overdueLine("send", "gone", LIVE)).toBe(KERNEL_TROUBLES.gone.text);
});

it("names what stops an answer now, from where the way is cut", () => {
  expect(stopHint(true, "answering", LIVE)).toContain("Interrupt");
  expect(stopHint(false, "blocked", LIVE)).toContain("Interrupt");
  expect(stopHint(false, "answering", AWAY)).toBe("The hub is gone.");
  expect(stopHint(false, "answering", LIVE)).toBe("The hub has not answered yet.");
  expect(stopHint(true, "restarted", LIVE)).toBe(KERNEL_TROUBLES.restarted.text);
});

it("has a reason for every state of the connection, the hub's own first", () => {
  expect(hubTrouble(AWAY)).toBe("The hub is gone.");
  const states = (["connecting", "reconnecting", "offline"] as const).map((each) =>
    hubTrouble(connection(each)),
  );
  expect(new Set(states).size).toBe(3);
});

it("tells an own message that waits what it waits for", () => {
  expect(sendingLine("silent", LIVE)).toBe("Waiting for the kernel…");
  expect(sendingLine("answering", AWAY)).toBe("Waiting for the connection…");
  expect(sendingLine("answering", LIVE)).toBe("Sending…");
});

it("gives each trouble a badge of a few words and a text that says what helps", () => {
  for (const [health, { badge, text }] of Object.entries(KERNEL_TROUBLES) as [
    KernelHealth,
    { badge: string; text: string },
  ][]) {
    expect(badge.split(" ").length, health).toBeLessThanOrEqual(3);
    expect(text, health).toMatch(/\.$/);
  }
});
