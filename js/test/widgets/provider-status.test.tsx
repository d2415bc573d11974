// @vitest-environment happy-dom

import { afterEach, beforeEach, expect, it } from "vitest";
import type { ProvidersState } from "../../src/kernel/messages";
import { providerStatus } from "../../src/widgets/provider-status";
import { figures } from "../support/chat";
import { effectsRun } from "../support/effects";
import { FakeClock, settled } from "../support/fake-clock";
import { FakeHost } from "../support/fake-host";

const LIVE: ProvidersState = {
  connection: { state: "live", attempt: 0, retryAt: null, message: null },
  isKnown: true,
  providers: [],
  failovers: [],
};

let host: FakeHost;
let clock: FakeClock;
let life: AbortController;
let el: HTMLElement;

beforeEach(() => {
  [host, clock, life] = [new FakeHost(), new FakeClock(), new AbortController()];
  el = document.createElement("div");
  document.body.append(el);
  providerStatus.show(el, providerStatus.open(host, life.signal, clock), host, life.signal);
});

afterEach(() => {
  life.abort();
  el.remove();
});

async function hear(change: Partial<ProvidersState> = {}): Promise<void> {
  host.emit("message", { kind: "snapshot", n: 0, state: { ...LIVE, ...change } });
  await settled();
}

async function pass(ms: number): Promise<void> {
  await effectsRun();
  clock.advance(ms);
  await settled();
}

function root(): ShadowRoot {
  const shadow = el.firstElementChild?.shadowRoot;
  if (!shadow) throw new Error("not mounted");
  return shadow;
}

function values(): Record<string, string> {
  const pairs = [...root().querySelectorAll("dl > div")].map((pair) => [
    pair.querySelector("dt")?.textContent ?? "",
    pair.querySelector("dd")?.textContent ?? "",
  ]);
  return Object.fromEntries(pairs);
}

it("says what it waits for, and that there is nothing", async () => {
  expect(root().querySelector(".none")?.textContent).toBe("Asking the hub for its providers…");
  await hear({ isKnown: false });
  expect(root().querySelector(".none")?.textContent).toBe("The hub has named no provider.");
});

it("shows each figure under its name, and a dash for what nobody stated", async () => {
  const latency = { ttftP50: 412, tokensPerSecond: 63.4 };
  await hear({
    providers: [figures("local", { latency, models: ["smol.gguf"], errorRate: 0.05 }, [400, 430])],
  });
  expect(root().querySelector("li")?.getAttribute("aria-label")).toBe("local");
  expect(root().querySelector(".state")?.textContent).toBe("ready");
  expect(values()).toMatchObject({
    Speed: "63 tok/s",
    Errors: "5 %",
    Breaker: "closed",
    "Requests left": "–",
    "Tokens left": "–",
    Models: "smol",
  });
  expect(root().querySelector("svg[role=img]")?.getAttribute("aria-label")).toBe(
    "lately between 0.40 and 0.43 s",
  );
});

it("counts down to a limit's reset and to the next try", async () => {
  const at = (seconds: number): string => new Date(clock.now() + seconds * 1000).toISOString();
  const requests = { limit: 1000, remaining: 120, percentageUsed: 88, resetTime: at(90) };
  const state = { state: "down" as const, breaker: "open" as const, reason: "No answer.", retryAt: at(40) };
  await hear({ providers: [figures("openai", { ...state, rateLimit: { requests } as never })] });
  expect(values()["Requests left"]).toBe("120 of 1,000resets in 1 min 30 s");
  expect(root().querySelector(".meter.warn i")?.getAttribute("style")).toContain("12%");
  expect(root().querySelector(".why")?.textContent).toBe("No answer. Tried again in 40 s.");
  await pass(1_100);
  expect(root().querySelector(".why")?.textContent).toBe("No answer. Tried again in 39 s.");
});

it("shows no markup of foreign names, and survives figures that are none", async () => {
  const evil = figures("<b>x</b>", {
    ...{ errorRate: "no", latency: null, models: null, rateLimit: { requests: "many" }, retryAt: "soon" },
    ...{ state: "constructor", breaker: "__proto__", reason: "<i>y</i>" },
  } as never);
  await hear({ providers: [evil] });
  expect(root().querySelector("b, i")).toBeNull();
  expect(root().querySelector(".why")?.textContent).toBe("<i>y</i> ");
  expect(values()).toMatchObject({ Errors: "–", Models: "–", "First token": "–" });
});

it("folds a long list of models", async () => {
  await hear({ providers: [figures("openai", { models: ["a", "b", "c", "d", "e", "f"] })] });
  expect(root().querySelector("details summary")?.textContent).toBe("2 more");
});

it("says why there is no connection, and tries again when asked", async () => {
  await hear({
    connection: { state: "offline", attempt: 3, retryAt: null, message: "The hub does not answer." },
    isKnown: false,
  });
  await pass(1_100);
  expect(root().querySelector("[role=status]")?.textContent).toBe("The hub does not answer.");
  expect(root().querySelector(".none")?.textContent).toBe("Nothing is known of the providers.");
  root().querySelector("button")?.click();
  expect(host.all("retry")).toHaveLength(1);
});
