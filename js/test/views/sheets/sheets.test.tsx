// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ADA, answer, BO, person, question } from "../../support/chat";
import { press, View } from "../../support/view";

let view: View;
beforeEach(async () => {
  view = new View();
  await view.live();
  await view.painted();
});
afterEach(() => view.close());

const sheet = (): HTMLElement => view.find(".sheet");
const button = (): HTMLButtonElement => view.find<HTMLButtonElement>("button[aria-label=Parameters]");
const parameters = () => view.store.composing.parameters.value;

function field(label: string): HTMLInputElement {
  const found = [...sheet().querySelectorAll("label")].find(({ textContent }) => textContent === label);
  return view.root.getElementById(found?.htmlFor ?? "") as HTMLInputElement;
}

async function fill(label: string, value: string): Promise<void> {
  const input = field(label);
  input.value = value;
  input.dispatchEvent(new Event("input", { bubbles: true }));
  await view.painted();
}

async function open(): Promise<void> {
  button().focus();
  button().click();
  await view.painted();
}

describe("a sheet", () => {
  it("opens with its button under its name, and closes with it", async () => {
    await open();
    expect(sheet().getAttribute("role")).toBe("dialog");
    expect(sheet().getAttribute("aria-label")).toBe("Parameters");
    expect(button().getAttribute("aria-expanded")).toBe("true");
    button().click();
    await view.painted();
    expect(view.root.querySelector(".sheet")).toBeNull();
  });

  it("has the focus while it is open and gives it back", async () => {
    await open();
    expect(view.root.activeElement).toBe(field("Temperature"));
    expect(press(field("Temperature"), "Escape").defaultPrevented).toBe(true);
    await view.painted();
    expect(view.root.querySelector(".sheet")).toBeNull();
    expect(view.root.activeElement).toBe(button());
  });

  it("closes with Escape and stops no answer by that", async () => {
    await view.live({ messages: [question(1, "Q"), answer(2, "", { status: "streaming" })] });
    await open();
    press(sheet(), "Escape");
    await view.painted();
    expect(view.root.querySelector(".sheet")).toBeNull();
    expect(view.host.all("stop")).toEqual([]);
  });

  it("with all keys opens with a question mark, but not where one writes, and gives the focus back", async () => {
    await view.live({ messages: [question(1, "Q")] });
    const article = view.find("article");
    expect(press(view.find("textarea"), "?").defaultPrevented).toBe(false);
    await view.painted();
    expect(view.root.querySelector(".sheet")).toBeNull();
    article.focus();
    press(article, "?");
    await view.painted();
    expect(sheet().getAttribute("aria-label")).toBe("Help");
    expect(sheet().textContent).toContain("Keys in the conversation");
    press(view.root.activeElement as HTMLElement, "Escape");
    await view.painted();
    expect(view.root.activeElement).toBe(article);
  });

  it("gives way to another one", async () => {
    await open();
    view.store.composing.open("help");
    await view.painted();
    expect(view.root.querySelectorAll(".sheet")).toHaveLength(1);
    expect(sheet().getAttribute("aria-label")).toBe("Help");
    view.find<HTMLButtonElement>(".sheet button[aria-label=Close]").click();
    await view.painted();
    expect(view.root.querySelector(".sheet")).toBeNull();
  });
});

describe("the parameters", () => {
  beforeEach(open);

  it("hold at once, and show at their button", async () => {
    expect(view.root.querySelector(".tool .mark")).toBeNull();
    await fill("Temperature", "0.3");
    await fill("Max tokens", "200");
    expect(parameters()).toEqual({ temperature: 0.3, maxTokens: 200 });
    expect(view.text(".tool .mark")).toBe("2");
    expect(button().title).toBe("Parameters: 2 parameters are yours");
    await fill("Temperature", "");
    expect(parameters()).toEqual({ maxTokens: 200 });
  });

  it("that are wrong are named with their limits, and are not sent", async () => {
    await fill("Temperature", "0.5");
    await fill("Temperature", "7");
    expect(parameters()).toEqual({});
    expect(field("Temperature").value, "what was typed stays").toBe("7");
    expect(field("Temperature").getAttribute("aria-invalid")).toBe("true");
    const id = field("Temperature").getAttribute("aria-describedby") ?? "";
    expect(view.root.getElementById(id)?.textContent).toBe("Temperature must be a number from 0 to 2.");
    await fill("Seed", "1.5");
    expect(sheet().textContent).toContain("Seed must be a whole number from");
    await fill("Stop at", "a\nb\nc\nd\ne");
    expect(sheet().textContent).toContain("Stop at takes at most 4 texts of 64 characters.");
    await fill("System prompt", "é".repeat(3_000));
    expect(sheet().textContent).toContain("System prompt has 6,000 bytes; the limit is 4,096.");
  });

  it("come from presets, which leave the other fields alone", async () => {
    await fill("System prompt", "Be brief.");
    const preset = (name: string): HTMLButtonElement | undefined =>
      [...sheet().querySelectorAll<HTMLButtonElement>(".presets button")].find(
        ({ textContent }) => textContent === name,
      );
    preset("Creative")?.click();
    await view.painted();
    expect(parameters()).toEqual({ temperature: 1.2, topP: 1, systemPrompt: "Be brief." });
    expect(preset("Creative")?.getAttribute("aria-pressed")).toBe("true");
    expect(preset("Precise")?.getAttribute("aria-pressed")).toBe("false");
    preset("Default")?.click();
    await view.painted();
    expect(parameters()).toEqual({});
    expect(field("System prompt").value).toBe("");
  });

  it("follow what is set elsewhere", async () => {
    view.store.composing.parameters.value = { systemPrompt: "Be kind." };
    await view.painted();
    expect(field("System prompt").value).toBe("Be kind.");
  });

  it("open at the field that was asked for", async () => {
    view.store.composing.sheet.value = null;
    await view.painted();
    view.store.composing.open("parameters", "systemPrompt");
    await view.painted();
    expect(view.root.activeElement).toBe(field("System prompt"));
  });
});

describe("the help", () => {
  beforeEach(async () => {
    view.store.composing.open("help");
    await view.painted();
  });

  it("lists every command with what it does", () => {
    const commands = [...sheet().querySelectorAll("dt code")].map(({ textContent }) => textContent);
    expect(commands).toEqual(["/model", "/system", "/clear", "/help"]);
    expect(sheet().textContent).toContain("Set your system prompt");
  });

  it("chooses the key that sends", async () => {
    const [enter, mod] = sheet().querySelectorAll<HTMLInputElement>("input[type=radio]");
    expect(enter?.checked).toBe(true);
    if (mod) mod.checked = true;
    mod?.dispatchEvent(new Event("change", { bubbles: true }));
    await view.painted();
    expect(view.store.composing.sendKey.value).toBe("mod-enter");
  });
});

describe("the participants", () => {
  const people = (): string[] =>
    [...sheet().querySelectorAll(".people li")].map(({ textContent }) => textContent ?? "");

  it("are behind the avatars: oneself, then who is at it, with what each does", async () => {
    const zoe = person("zoe", "Zoé");
    const away = { ...person("al", "Al"), state: "away" as const };
    await view.live({ participants: [away, zoe, { ...BO, state: "idle" }, ADA], typing: ["zoe"] });
    await view.painted();
    const avatars = view.find<HTMLButtonElement>("button[aria-label=Participants]");
    expect(avatars.title, "described so: its own name hides what is in it").toBe("4 people here");
    avatars.focus();
    avatars.click();
    await view.painted();
    expect(sheet().getAttribute("aria-label")).toBe("Participants");
    expect(avatars.getAttribute("aria-expanded")).toBe("true");
    expect(people()).toEqual(["AAda (you)here", "ZZoétyping…", "BBoidle", "AAlaway"]);
    await view.live({ participants: [ADA, BO] });
    await view.painted();
    expect(people(), "who has left is gone").toEqual(["AAda (you)here", "BBohere"]);
    press(sheet(), "Escape");
    await view.painted();
    expect(view.root.activeElement).toBe(avatars);
  });
});

describe("what waits", () => {
  it("is counted beside the state of the connection while there is none", async () => {
    view.store.send("one");
    view.store.send("two");
    await view.painted();
    expect(view.root.querySelector(".queued"), "a live connection sends them").toBeNull();
    await view.live({ connection: { state: "reconnecting", attempt: 1, retryAt: null, message: null } });
    await view.painted();
    expect(view.text("header .queued")).toBe("queued (2)");
    const [first] = view.host.all("send");
    const receipt = { id: first?.id, seq: 1, timestamp: "" };
    await view.hear({ kind: "reply", requestId: first?.requestId ?? "", ok: true, result: receipt });
    expect(view.text("header .queued"), "what the hub has does not wait").toBe("queued (1)");
  });
});
