// @vitest-environment happy-dom

import { afterEach, beforeEach, expect, it } from "vitest";
import type { HealthState } from "../../src/kernel/messages";
import { catalogue as de } from "../../src/texts/de";
import { ENGLISH, speak } from "../../src/texts/texts";
import { connectionHealth } from "../../src/widgets/connection-health";
import { effectsRun } from "../support/effects";
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
  speak(ENGLISH);
});

async function hear(change: Partial<HealthState> = {}): Promise<void> {
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

it("speaks the language that Python asks for, with the texts that the chat has", async () => {
  host.traits.language = "de";
  host.emit("language");
  await hear();
  expect(host.all("chunk")).toMatchObject([{ name: "de", from: 0 }]);
  speak("de", de);
  await settled();
  expect(root().querySelector(".badge")?.textContent).toBe("Verbunden");
  expect(root().querySelector("section")?.getAttribute("aria-label")).toBe("Verbindung zum Hub");
  expect(figures()).toMatchObject({ "Hin und zurück": "3,1 ms", Ungesendet: "0" });
});
