// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, it } from "vitest";
import type { PresenceState } from "../../src/kernel/messages";
import { presence } from "../../src/widgets/presence";
import { ADA, BO, person } from "../support/chat";
import { FakeClock, settled } from "../support/fake-clock";
import { FakeHost } from "../support/fake-host";

const LIVE: PresenceState = {
  connection: { state: "live", attempt: 0, retryAt: null, message: null },
  conversationId: "team",
  selfId: "bo",
  participants: [ADA, BO],
};

let host: FakeHost;
let clock: FakeClock;
let life: AbortController;
let el: HTMLElement;

beforeEach(() => {
  [host, clock, life] = [new FakeHost(), new FakeClock(), new AbortController()];
  el = document.createElement("div");
  document.body.append(el);
  presence.show(el, presence.open(host, life.signal, clock), host, life.signal);
});

afterEach(() => {
  life.abort();
  el.remove();
});

async function hear(change: Partial<PresenceState> = {}): Promise<void> {
  host.emit("message", { kind: "snapshot", n: 0, state: { ...LIVE, ...change } });
  await settled();
}

function root(): ShadowRoot {
  const shadow = el.firstElementChild?.shadowRoot;
  if (!shadow) throw new Error("not mounted");
  return shadow;
}

const text = (selector: string): string => root().querySelector(selector)?.textContent ?? "";
const people = (): string[] => [...root().querySelectorAll("li")].map(({ textContent }) => textContent ?? "");

it("names the conversation and everybody in it, oneself first, with what each does", async () => {
  expect(text(".badge")).toBe("Connecting…");
  expect(people()).toEqual([]);
  await hear({
    participants: [{ ...person("al", "Al"), state: "away" }, { ...ADA, typing: true }, BO],
  });
  expect(root().querySelector("section")?.getAttribute("aria-label")).toBe("Participants");
  expect(text(".title")).toBe("team");
  expect(text(".count")).toBe("3 people here");
  expect(text(".badge")).toBe("Live");
  expect(people()).toEqual(["BBo (you)here", "AAdatyping…", "AAlaway"]);
  await hear({ participants: [BO] });
  expect(people()).toEqual(["BBo (you)here"]);
  expect(text(".count")).toBe("1 person here");
});

it("draws no markup of a foreign name", async () => {
  await hear({ participants: [{ ...ADA, userName: "<img src=x>\u202eevil" }] });
  expect(root().querySelector("img")).toBeNull();
  expect(text(".named")).toBe("<img src=x>evil");
});

it("counts down while the connection is lost, and tries at once when asked", async () => {
  const message = "The hub does not answer.";
  await hear({ connection: { state: "reconnecting", attempt: 3, retryAt: clock.now() + 9_000, message } });
  expect(text(".badge")).toBe("Reconnecting in 9 s");
  expect(people(), "who was there last").toHaveLength(2);
  root().querySelector<HTMLButtonElement>("button.now")?.click();
  expect(host.all("retry")).toHaveLength(1);
});
