// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, it } from "vitest";
import type { HealthState } from "../../src/kernel-messages";
import { connectionHealth } from "../../src/widgets/connection-health";
import { FakeClock, settled } from "../support/fake-clock";
import { FakeHost } from "../support/fake-host";

const LIVE: HealthState = {
  connection: { state: "live", attempt: 0, retryAt: null, message: null },
  host: "localhost:8000",
  transport: "WebSockets",
  latency: 3.14,
  latencyP95: 41.6,
  firstPaint: 21.4,
  firstPaintP95: 60,
  reconnects: 2,
  unsent: 0,
};

let host: FakeHost;
let clock: FakeClock;
let life: AbortController;
let el: HTMLElement;

beforeEach(() => {
  [host, clock, life] = [new FakeHost(), new FakeClock(), new AbortController()];
  el = document.createElement("div");
  document.body.append(el);
  const store = connectionHealth.open(host, life.signal, clock);
  connectionHealth.show(el, store, host, life.signal);
});

afterEach(() => {
  life.abort();
  el.remove();
});

async function hear(change: Partial<HealthState> = {}): Promise<void> {
  host.emit("message", { kind: "snapshot", n: 0, state: { ...LIVE, ...change } });
  await settled();
}

/** Lets time pass; Preact's passive effects run a frame later. */
async function pass(ms: number): Promise<void> {
  await new Promise((done) => setTimeout(done, 50));
  clock.advance(ms);
  await settled();
}

function root(): ShadowRoot {
  const shadow = el.firstElementChild?.shadowRoot;
  if (!shadow) throw new Error("not mounted");
  return shadow;
}

function figures(): Record<string, string> {
  const terms = [...root().querySelectorAll("dt")].map((term) => term.textContent ?? "");
  const values = [...root().querySelectorAll("dd")].map((value) => value.textContent ?? "");
  return Object.fromEntries(terms.map((term, at) => [term, values[at] ?? ""]));
}

it("asks for the figures and shows each under its name", async () => {
  expect(host.all("hello")).toHaveLength(1);
  expect(root().querySelector(".badge")?.textContent).toBe("Connecting…");
  await hear();
  expect(root().querySelector(".badge")?.textContent).toBe("Live");
  expect(figures()).toEqual({
    Hub: "localhost:8000",
    Transport: "WebSockets",
    "Round trip": "3.1 ms",
    "95 % within": "42 ms",
    "First paint": "21 ms",
    Reconnects: "2",
    Unsent: "0",
  });
});

it("shows a dash for what is not known, and no markup of a foreign name", async () => {
  await hear({ host: "<b>evil</b>", transport: null, latency: null, latencyP95: Number.NaN });
  expect(root().querySelector("dd b")).toBeNull();
  expect(figures()).toMatchObject({
    Hub: "<b>evil</b>",
    Transport: "–",
    "Round trip": "–",
    "95 % within": "–",
  });
});

it("is a named section whose parts a screen reader can tell apart", async () => {
  await hear();
  expect(root().querySelector("section")?.getAttribute("aria-label")).toBe("Connection to the hub");
  expect(root().querySelectorAll("dl > div > dt + dd")).toHaveLength(7);
});

it("says why there is no connection, and tries again when asked", async () => {
  const message = "The hub does not answer.";
  await hear({ connection: { state: "offline", attempt: 3, retryAt: null, message } });
  await pass(1_100);
  expect(root().querySelector(".badge")?.textContent).toBe("Offline");
  expect(root().querySelector("[role=status]")?.textContent).toBe(message);
  root().querySelector("button")?.click();
  expect(host.all("retry")).toHaveLength(1);
});

it("says that the kernel is gone instead of old figures as if they were new", async () => {
  await hear();
  host.status = "restarted";
  host.emit("link");
  await settled();
  expect(root().querySelector(".badge")?.textContent).toBe("Kernel restarted");
});

it("answers the kernel that asks for anybody, and says goodbye", async () => {
  await hear();
  host.emit("message", { kind: "anybody" });
  expect(host.all("here")).toHaveLength(1);
  const second = new AbortController();
  const other = document.createElement("div");
  connectionHealth.show(other, connectionHealth.open(host, second.signal, clock), host, second.signal);
  second.abort();
  expect(other.childElementCount).toBe(0);
});
