// @vitest-environment happy-dom
// What the page says of the hub itself, and how it asks for a key.
import { beforeEach, describe, expect, it } from "vitest";
import { byId, Status } from "../../src/dashboard/status";
import { openPage } from "../support/dashboard-page";

let keys: string[];
let status: Status;
beforeEach(() => {
  openPage();
  keys = [];
  status = new Status((key) => keys.push(key));
});

const words = (id: string): string => byId(id).textContent ?? "";
const isShown = (id: string): boolean => !byId(id).hidden;

function give(key: string): void {
  (byId("key") as HTMLInputElement).value = key;
  byId("key-form").dispatchEvent(new Event("submit", { cancelable: true }));
}

it("a hub that answers is live, for how long it says", () => {
  status.live(3_700, false);
  expect([words("state"), words("uptime"), byId("badge").className]).toEqual([
    ...["Live", "up 1 h 1 min", "badge good"],
  ]);
  expect([isShown("notice"), isShown("key-form"), document.title]).toEqual([false, false, "Hub dashboard"]);
});

it("several hubs at one address are told of, until there is one again", () => {
  status.live(1, true);
  expect([isShown("notice"), words("notice")]).toEqual([
    true,
    expect.stringContaining("Several hub processes"),
  ]);
  status.live(3, false);
  expect([isShown("notice"), words("notice")]).toEqual([false, ""]);
});

it("a hub that does not answer is told of in the title too, with why and since when", () => {
  status.unreachable("no connection");
  expect(words("notice")).toBe("The hub does not answer (no connection). This page tries again every 2 s.");
  expect(document.title).toBe("Hub unreachable · Hub dashboard");
  status.live(1, false);
  status.unreachable("HTTP 502 instead of its figures");
  expect(words("notice")).toMatch(/\(HTTP 502 instead of its figures\)\. Nothing new since \d\d:\d\d:\d\d\./);
  expect([words("uptime"), byId("badge").className]).toEqual(["", "badge bad"]);
});

describe("a key", () => {
  it("is asked for, and the field has the focus", () => {
    status.unreachable("no connection");
    status.keyNeeded(401, false);
    expect([words("state"), isShown("key-form"), isShown("notice")]).toEqual(["Key needed", true, false]);
    expect([document.activeElement, words("key-error")]).toEqual([byId("key"), ""]);
  });

  it.each([
    [401, "The hub does not know this key, or it has expired."],
    [403, "This key does not hold the role operator."],
  ] as const)("that is refused with %d is asked for again", (code, why) => {
    status.keyNeeded(code, true);
    expect(words("key-error")).toBe(why);
  });

  it("is given on once, without the blanks around it, and does not stay in the page", () => {
    status.keyNeeded(401, true);
    give("  cwk_abc.DEF-123  ");
    expect([keys, (byId("key") as HTMLInputElement).value, words("key-error")]).toEqual([
      ...[["cwk_abc.DEF-123"], "", ""],
    ]);
  });

  it.each(["", "   ", "two words", "schlüssel", "a\tb", "🔑", "x".repeat(8193)])(
    "that can be none is not sent: %#",
    (given) => {
      status.keyNeeded(401, false);
      give(given);
      expect(keys).toEqual([]);
      expect(words("key-error")).toContain("without spaces");
      expect(document.activeElement).toBe(byId("key"));
    },
  );

  it("is asked for no more once the hub answers", () => {
    status.keyNeeded(401, false);
    status.live(1, false);
    expect([isShown("key-form"), document.title]).toEqual([false, "Hub dashboard"]);
  });
});

it("a page without its parts says which one is missing", () => {
  byId("badge").remove();
  expect(() => byId("badge")).toThrow("The page lacks #badge.");
});
