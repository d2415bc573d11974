// @vitest-environment happy-dom
// The whole page, from what the hub answers to what is shown; its own clock is the browser's.
import { afterEach, beforeAll, expect, it, vi } from "vitest";
import { figuresOf, openPage, stubBrowser } from "../support/dashboard-page";

vi.mock("uplot", async () => ({ default: (await import("../support/dashboard-page")).FakePlot }));

const asked: { url: string; key: string | null }[] = [];
let answer: () => Response = () => Response.json(figuresOf(1));
let hidden = false;

beforeAll(async () => {
  vi.useFakeTimers();
  stubBrowser();
  openPage();
  vi.stubGlobal("fetch", async (url: string, { headers }: RequestInit) => {
    asked.push({ url, key: new Headers(headers).get("authorization") });
    return answer();
  });
  Object.defineProperty(document, "hidden", { get: () => hidden, configurable: true });
  await import("../../src/dashboard/main");
  await pass(0);
});
afterEach(() => expect(vi.getTimerCount()).toBeLessThan(5));

async function pass(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
}

const words = (id: string): string => document.getElementById(id)?.textContent ?? "";
const connections = (): string => document.querySelector("#figure-connections dd")?.textContent ?? "";
const since = (): (string | null)[] =>
  asked.splice(0).map(({ url }) => new URL(url, "http://hub").searchParams.get("since"));

it("reads at once and every two seconds, each time with the reading before", async () => {
  expect([words("state"), connections()]).toEqual(["Live", "1"]);
  answer = () => Response.json(figuresOf(2));
  await pass(2_000);
  expect(connections()).toBe("2");
  await pass(2_000);
  expect(since()).toEqual([null, "r1", "r2"]);
});

it("says that the hub is away, goes on asking, and is live again", async () => {
  answer = () => new Response("<html>", { status: 502 });
  await pass(2_000);
  expect(words("state")).toBe("Hub unreachable");
  answer = () => Response.json(figuresOf(3));
  await pass(2_000);
  expect([words("state"), connections(), document.documentElement.dataset.hub]).toEqual([
    ...["Live", "3", "figures"],
  ]);
});

it("asks for a key, reads nothing meanwhile, and sends it in its header alone", async () => {
  answer = () => new Response(null, { status: 401 });
  await pass(2_000);
  expect(words("state")).toBe("Key needed");
  asked.length = 0;
  await pass(60_000);
  expect(asked).toEqual([]);
  answer = () => Response.json(figuresOf(4));
  (document.getElementById("key") as HTMLInputElement).value = "secret-key";
  document.getElementById("key-form")?.dispatchEvent(new Event("submit", { cancelable: true }));
  await pass(0);
  expect([words("state"), connections()]).toEqual(["Live", "4"]);
  expect(asked).toEqual([{ url: "figures", key: "Bearer secret-key" }]);
  expect(document.documentElement.outerHTML).not.toContain("secret-key");
});

it("forgets a key that is refused", async () => {
  answer = () => new Response(null, { status: 403 });
  await pass(2_000);
  expect(words("key-error")).toBe("This key does not hold the role operator.");
  asked.length = 0;
  answer = () => Response.json(figuresOf(5));
  document.dispatchEvent(new Event("visibilitychange"));
  (document.getElementById("key") as HTMLInputElement).value = "other";
  document.getElementById("key-form")?.dispatchEvent(new Event("submit", { cancelable: true }));
  await pass(0);
  expect(asked.map(({ key }) => key)).toEqual(["Bearer other"]);
});

it("reads nothing while nobody looks, and begins anew after that", async () => {
  hidden = true;
  document.dispatchEvent(new Event("visibilitychange"));
  asked.length = 0;
  await pass(60_000);
  expect(asked).toEqual([]);
  hidden = false;
  document.dispatchEvent(new Event("visibilitychange"));
  await pass(0);
  expect(since()).toEqual([null]);
});

it("shows as much time as one chooses", async () => {
  const label = (): string =>
    document.querySelector("#figure-memory .plot")?.getAttribute("aria-label") ?? "";
  expect(label()).toContain("Last 5 min.");
  const choice = document.querySelector<HTMLInputElement>('input[name="minutes"][value="15"]');
  if (choice) choice.checked = true;
  choice?.dispatchEvent(new Event("change"));
  expect(label()).toContain("Last 15 min.");
});
