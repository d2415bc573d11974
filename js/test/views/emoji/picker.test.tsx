// @vitest-environment happy-dom
import { render } from "preact";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { emoji } from "../../../src/texts/en/emoji";
import { addTexts } from "../../../src/texts/texts";
import { EmojiPicker } from "../../../src/views/emoji/picker";
import { effectsRun } from "../../support/effects";
import { press } from "../../support/view";

// A few of each group are drawn: hundreds take seconds here.
vi.mock("emojibase-data/en/compact.json", async (original) => {
  const { default: data } = await original<{ default: { group?: number; label: string }[] }>();
  const counts = new Map<number | undefined, number>();
  const few = data.filter(({ group, label }) => {
    counts.set(group, (counts.get(group) ?? 0) + 1);
    return (counts.get(group) ?? 0) <= 20 || ["thumbs up", "party popper"].includes(label);
  });
  return { default: few };
});

addTexts(emoji);

let root: HTMLElement;
let chosen: string[];
beforeEach(async () => {
  chosen = [];
  root = document.createElement("div");
  document.body.append(root);
});
afterEach(() => {
  render(null, root);
  root.remove();
});

async function show(): Promise<void> {
  render(<EmojiPicker chosen={(each) => chosen.push(each)} />, root);
  await effectsRun();
}

const field = (): HTMLInputElement => root.querySelector("input") as HTMLInputElement;
const all = (): HTMLElement[] => [...root.querySelectorAll<HTMLElement>(".emoji")];
const groups = (): (string | null)[] =>
  [...root.querySelectorAll(".emoji-group")].map((each) => each.getAttribute("aria-label"));

async function look(words: string): Promise<void> {
  field().value = words;
  field().dispatchEvent(new Event("input", { bubbles: true }));
  await effectsRun();
}

it("has a group for each kind, each reached by one step of the tab key", async () => {
  await show();
  expect(groups()).toEqual([
    ...["Smileys", "People", "Animals and nature", "Food and drink", "Travel and places"],
    ...["Activities", "Objects", "Symbols", "Flags"],
  ]);
  const reached = [...root.querySelectorAll<HTMLElement>(".emoji-group")].map(
    (group) =>
      [...group.querySelectorAll<HTMLElement>(".emoji")].filter(({ tabIndex }) => tabIndex === 0).length,
  );
  expect(reached).toEqual(Array(9).fill(1));
  expect(field().getAttribute("aria-label")).toBe("Search emoji");
});

it("gives what is pressed, named for those who do not see it, and has it first the next time", async () => {
  await show();
  const thumb = all().find(({ textContent }) => textContent === "👍");
  expect(thumb?.getAttribute("aria-label")).toBe("thumbs up");
  thumb?.click();
  expect(chosen).toEqual(["👍"]);
  render(null, root);
  await show();
  expect([groups()[0], all()[0]?.textContent]).toEqual(["Recent", "👍"]);
});

describe("looking for one", () => {
  it("shows what is called so, and gives the first at Enter", async () => {
    await show();
    await look("tada");
    expect(groups()).toEqual([null]);
    const first = all()[0]?.textContent;
    expect(press(field(), "Enter").defaultPrevented).toBe(true);
    expect(chosen).toEqual([first]);
  });

  it.each(["zzzz", "constructor", "__proto__", "\\"])("says that none is called %s", async (words) => {
    await show();
    await look(words);
    expect(root.querySelector(".none")?.textContent).toBe("No emoji is called that.");
    expect(press(field(), "Enter").defaultPrevented).toBe(false);
    expect(chosen).toEqual([]);
  });

  it("is not over while an input method composes", async () => {
    await show();
    await look("tada");
    press(field(), "Enter", { isComposing: true });
    expect(chosen).toEqual([]);
  });

  it("shows all again once nothing is looked for", async () => {
    await show();
    await look("tada");
    await look("  ");
    expect(groups()).toHaveLength(9);
  });
});

describe("the arrow keys", () => {
  const at = (): number => all().indexOf(document.activeElement as HTMLElement);

  it.each([
    ["ArrowRight", 3, 4],
    ["ArrowLeft", 3, 2],
    ["ArrowDown", 3, 11],
    ["ArrowUp", 11, 3],
    ["ArrowLeft", 0, 0],
    ["ArrowUp", 3, 3],
  ])("%s goes from emoji %d to %d", async (key, from, to) => {
    await show();
    all()[from]?.focus();
    const event = press(all()[from] as HTMLElement, key);
    expect([at(), event.defaultPrevented]).toEqual([to, true]);
  });

  it("go on into the next group, and stay at the last of all", async () => {
    await show();
    const inFirst = root.querySelector(".emoji-group")?.querySelectorAll(".emoji").length ?? 0;
    all()[inFirst - 1]?.focus();
    press(all()[inFirst - 1] as HTMLElement, "ArrowRight");
    expect(at()).toBe(inFirst);
    const last = all().length - 1;
    all()[last]?.focus();
    press(all()[last] as HTMLElement, "ArrowRight");
    expect(at()).toBe(last);
  });

  it.each(["a", "Tab", "Escape"])("leave other keys alone: %s", async (key) => {
    await show();
    all()[3]?.focus();
    expect([press(all()[3] as HTMLElement, key).defaultPrevented, at()]).toEqual([false, 3]);
  });
});
