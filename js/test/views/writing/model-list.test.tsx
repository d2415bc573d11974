// @vitest-environment happy-dom
// The list of models while what can be chosen changes, and with names of all kinds.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { figures } from "../../support/chat";
import { press, View } from "../../support/view";

const LOCAL = figures("local", { models: ["smol.gguf"] });
const LINE = { provider: "local", model: "smol.gguf", state: "healthy" as const, reason: "" };

let view: View;
beforeEach(() => {
  view = new View();
});
afterEach(() => view.close());

const button = (): HTMLButtonElement => view.find<HTMLButtonElement>("button[aria-label=Model]");
const list = (): HTMLElement => view.find(".models [role=listbox]");
const options = (): HTMLElement[] => [...view.root.querySelectorAll<HTMLElement>(".models [role=option]")];
const labels = (): string[] => options().map((each) => each.querySelector(".name")?.textContent ?? "");
const marked = (): string | undefined =>
  options()
    .find((each) => each.getAttribute("aria-selected") === "true")
    ?.querySelector(".name")?.textContent ?? undefined;

async function open(models: string[]): Promise<void> {
  await view.live({ providers: [LOCAL, figures("other", { models })], provider: LINE });
  button().click();
  await view.painted();
}

async function now(models: string[]): Promise<void> {
  await view.ops({ op: "providers", providers: [LOCAL, figures("other", { models })], failovers: [] });
}

async function key(name: string): Promise<void> {
  press(list(), name);
  await view.painted();
}

describe("a list that becomes shorter while it is open", () => {
  beforeEach(async () => {
    await open(["a", "b", "c"]);
    await key("End");
    await now(["a"]);
    expect([labels(), marked()]).toEqual([["Default: smol", "smol", "a"], "a"]);
  });

  it("gives what is marked at Enter", async () => {
    await key("Enter");
    expect([view.store.choice.value === "", button().textContent]).toEqual([false, "a"]);
  });

  it.each([
    ["ArrowUp", "smol"],
    ["ArrowDown", "a"],
    ["Home", "Default: smol"],
  ])("goes on from what is marked with %s", async (name, label) => {
    await key(name);
    expect(marked()).toBe(label);
  });
});

it("keys that come faster than they are drawn all count", async () => {
  await open(["a", "b", "c"]);
  for (const name of ["ArrowDown", "ArrowDown", "ArrowDown", "ArrowUp", "Enter"]) press(list(), name);
  await view.painted();
  expect(button().textContent).toBe("a");
});

it.each(["__proto__", "constructor", "hasOwnProperty", "نموذج", "<b>x</b>", "x".repeat(200)])(
  "a model may be called anything: %#",
  async (name) => {
    await open([name]);
    options().at(-1)?.click();
    await view.painted();
    view.type("one");
    await view.painted();
    view.find("button.send").click();
    expect(view.host.all("send").map(({ provider, model }) => [provider, model])).toEqual([["other", name]]);
    expect(view.root.querySelector(".picker b")).toBeNull();
  },
);

it.each(["ArrowLeft", "x", "Process"])("%s is left to the page", async (name) => {
  await open(["a"]);
  expect(press(list(), name).defaultPrevented).toBe(false);
  expect(view.root.querySelector(".models")).not.toBeNull();
});

it("the tab key goes on and closes the list", async () => {
  await open(["a"]);
  expect(press(list(), "Tab").defaultPrevented).toBe(false);
  await view.painted();
  expect(view.root.querySelector(".models")).toBeNull();
});
