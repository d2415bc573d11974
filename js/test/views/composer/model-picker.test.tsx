// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { figures } from "../../support/chat";
import { press, View } from "../../support/view";

const LOCAL = figures("local", { models: ["smol.gguf"] });
const OPENAI = figures("openai", { models: ["gpt", "gpt-mini"] });
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

async function open(): Promise<void> {
  button().click();
  await view.painted();
}

async function pick(label: string): Promise<void> {
  await open();
  options()[labels().indexOf(label)]?.click();
  await view.painted();
}

async function send(text: string): Promise<void> {
  view.type(text);
  await view.painted();
  view.find("button.send").click();
}

describe("the model picker", () => {
  it("is not there while there is nothing to choose", async () => {
    await view.live({ providers: [LOCAL], provider: LINE });
    expect(view.root.querySelector("button[aria-label=Model]")).toBeNull();
  });

  it("is a button that says who answers now", async () => {
    await view.live({ providers: [LOCAL, OPENAI], provider: LINE });
    expect(button().textContent).toBe("Default: smol");
    expect(button().getAttribute("aria-expanded")).toBe("false");
    const id = button().getAttribute("aria-describedby") ?? "";
    expect(view.root.getElementById(id)?.textContent).toBe("Default: smol");
  });

  it("lists the models by provider, the default first, and marks what is in trouble", async () => {
    const limited = figures("openai", { state: "rate_limited", models: ["gpt"] });
    await view.live({ providers: [LOCAL, limited], provider: LINE });
    await open();
    expect(button().getAttribute("aria-expanded")).toBe("true");
    expect(labels()).toEqual(["Default: smol", "smol", "gpt"]);
    const details = options().map((each) => each.querySelector(".detail")?.textContent);
    expect(details).toEqual(["", "local", "openai (rate limited)"]);
  });

  it("sends the choice with each message until another is made", async () => {
    await view.live({ providers: [LOCAL, OPENAI], provider: LINE });
    await send("one");
    await pick("gpt-mini");
    expect(button().textContent).toBe("gpt-mini");
    await send("two");
    await pick("Default: smol");
    await send("three");
    expect(view.host.all("send").map(({ text, provider, model }) => [text, provider, model])).toEqual([
      ["one", undefined, undefined],
      ["two", "openai", "gpt-mini"],
      ["three", undefined, undefined],
    ]);
  });

  it("is worked by keys: arrows, Home and End, Enter; Escape leaves it as it was", async () => {
    await view.live({ providers: [LOCAL, OPENAI], provider: LINE });
    await open();
    expect(view.root.activeElement).toBe(list());
    press(list(), "End");
    press(list(), "ArrowDown");
    press(list(), "ArrowUp");
    await view.painted();
    expect(list().getAttribute("aria-activedescendant")).toBe(options()[2]?.id);
    press(list(), "Enter");
    await view.painted();
    expect(button().textContent).toBe("gpt");
    expect(view.root.activeElement).toBe(button());
    await open();
    press(list(), "Home");
    expect(press(list(), "Escape").defaultPrevented).toBe(true);
    await view.painted();
    expect(button().textContent).toBe("gpt");
    expect(view.root.querySelector(".models")).toBeNull();
  });

  it("closes when something else is pressed", async () => {
    await view.live({ providers: [LOCAL, OPENAI], provider: LINE });
    await open();
    document.body.dispatchEvent(new Event("pointerdown", { bubbles: true }));
    await view.painted();
    expect(view.root.querySelector(".models")).toBeNull();
  });

  it("has a field to look for one where there are many", async () => {
    const many = figures("many", { models: Array.from({ length: 12 }, (_, index) => `model-${index}`) });
    await view.live({ providers: [LOCAL, many], provider: LINE });
    await open();
    const field = view.find<HTMLInputElement>(".models input");
    expect(view.root.activeElement).toBe(field);
    field.value = "-11";
    field.dispatchEvent(new Event("input", { bubbles: true }));
    await view.painted();
    expect(labels()).toEqual(["model-11"]);
    press(field, "Enter");
    await view.painted();
    expect(button().textContent).toBe("model-11");
  });

  it("says so when no model is called that", async () => {
    const many = figures("many", { models: Array.from({ length: 12 }, (_, index) => `model-${index}`) });
    await view.live({ providers: [LOCAL, many], provider: LINE });
    await open();
    const field = view.find<HTMLInputElement>(".models input");
    field.value = "nothing";
    field.dispatchEvent(new Event("input", { bubbles: true }));
    await view.painted();
    expect(view.text(".models .none")).toBe("No model is called that.");
    press(field, "Enter");
    expect(view.store.choice.value).toBe("");
  });

  it("follows the hub's list, and keeps a choice that is gone, marked", async () => {
    await view.live({ providers: [LOCAL, OPENAI], provider: LINE });
    await pick("gpt");
    await view.ops({
      op: "providers",
      providers: [LOCAL, figures("openai", { models: ["gpt-mini", "gpt-new"] })],
      failovers: [],
    });
    expect(button().textContent).toBe("⚠ gpt");
    expect(button().title).toContain("not offer");
    await open();
    expect(labels()).toEqual(["Default: smol", "⚠ gpt", "smol", "gpt-mini", "gpt-new"]);
  });
});
