// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { MAX_CONTENT_BYTES } from "../../../src/contract";
import { attachingOf } from "../../../src/files/attaching";
import { answer, BO, figures, person, question } from "../../support/chat";
import { settled } from "../../support/fake-clock";
import { press, View } from "../../support/view";

let view: View;
beforeEach(() => {
  view = new View();
});
afterEach(() => view.close());

const area = (): HTMLTextAreaElement => view.find<HTMLTextAreaElement>("textarea");
const sent = (): string[] => view.host.all("send").map(({ text }) => text);

async function write(text: string): Promise<HTMLTextAreaElement> {
  const field = area();
  field.value = text;
  field.setSelectionRange(text.length, text.length);
  field.dispatchEvent(new Event("input", { bubbles: true }));
  await view.painted();
  return field;
}

describe("the key that sends", () => {
  it("is Enter, or Ctrl+Enter where that was chosen", async () => {
    await view.live();
    view.store.composing.sendKey.value = "mod-enter";
    await view.painted();
    const field = await write("one");
    expect(press(field, "Enter").defaultPrevented).toBe(false);
    expect(sent()).toEqual([]);
    press(field, "Enter", { ctrlKey: true });
    expect(sent()).toEqual(["one"]);
    expect(field.title).toContain("Ctrl+Enter sends");
  });
});

describe("starters", () => {
  beforeEach(() => {
    view.host.traits.starters = ["Why?", "How?"];
    view.host.emit("starters");
  });
  const starters = (): HTMLButtonElement[] => [
    ...view.root.querySelectorAll<HTMLButtonElement>(".starters button"),
  ];

  it("stand in an empty chat and ask when they are pressed", async () => {
    expect(starters(), "before the kernel has said anything").toEqual([]);
    await view.live();
    expect(starters().map(({ textContent }) => textContent)).toEqual(["Why?", "How?"]);
    starters()[1]?.click();
    await view.painted();
    expect(sent()).toEqual(["How?"]);
    expect(starters()).toEqual([]);
  });

  it("give way to whatever is written or was said", async () => {
    await view.live();
    await write("x");
    expect(starters()).toEqual([]);
    await write("");
    expect(starters()).toHaveLength(2);
    await view.live({ messages: [question(1, "Q")], seq: 1 });
    expect(starters()).toEqual([]);
  });

  it("are not there in a chat whose earlier messages are not loaded", async () => {
    await view.live({ hasMore: true });
    expect(starters()).toEqual([]);
  });
});

describe("a command", () => {
  beforeEach(async () => {
    await view.live({
      conversation: null,
      providers: [figures("local", { models: ["smol.gguf"] }), figures("openai", { models: ["gpt"] })],
    });
    await view.painted();
  });
  async function command(line: string): Promise<void> {
    press(await write(`${line} `), "Enter");
    await view.painted();
    await view.painted();
  }

  it("that is unknown says so and is not sent", async () => {
    press(await write("/moddel gpt"), "Enter");
    await view.painted();
    expect(sent()).toEqual([]);
    expect(view.text(".notice")).toBe(
      "There is no command /moddel. /help lists them; begin with // to send it as text.",
    );
    expect(area().value, "it can be put right").toBe("/moddel gpt");
  });

  it("goes out as text after // or a space", async () => {
    press(await write("//moddel"), "Enter");
    press(await write(" /moddel"), "Enter");
    expect(sent()).toEqual(["/moddel", " /moddel"]);
  });

  it("/model chooses who answers, or names what there is", async () => {
    await command("/model gpt");
    expect(view.store.choice.value).toBe('["openai","gpt"]');
    expect(area().value).toBe("");
    await command("/model default");
    expect(view.store.choice.value).toBe("");
    await command("/model nobody");
    expect(view.text(".notice")).toBe("No model here is called “nobody”. There are: smol and gpt.");
    expect(area().value).toBe("/model nobody ");
  });

  it("/system sets the system prompt, within its limit, or opens its field", async () => {
    await command("/system Be brief.");
    expect(view.store.composing.parameters.value).toEqual({ systemPrompt: "Be brief." });
    await command(`/system ${"x".repeat(5_000)}`);
    expect(view.text(".notice")).toContain("5,000 bytes; the limit is 4,096");
    await command("/system");
    expect(view.store.composing.sheet.value).toBe("parameters");
    const field = view.root.activeElement?.id ?? "";
    expect(view.text(`label[for="${field}"]`)).toBe("System prompt");
  });

  it("/clear begins a fresh context with the next message, and can be taken back", async () => {
    await command("/clear");
    expect(view.text(".fresh")).toContain("begins a fresh context");
    view.find<HTMLButtonElement>(".fresh button").click();
    await view.painted();
    expect(view.root.querySelector(".fresh")).toBeNull();
    press(await write("one"), "Enter");
    await command("/clear");
    press(await write("two"), "Enter");
    await view.painted();
    expect(view.root.querySelector(".fresh")).toBeNull();
    press(await write("three"), "Enter");
    expect(view.host.all("send").map(({ contextStart }) => contextStart)).toEqual([
      undefined,
      true,
      undefined,
    ]);
  });

  it("that only a kernel can do which knows of the whole conversation is not offered by another", async () => {
    await view.live({ participants: [BO] });
    await view.painted();
    await command("/title A new name");
    expect(view.text(".notice")).toBe("The hub of this chat cannot do /title yet.");
    expect(view.host.all("conversation")).toEqual([]);
    await write("/");
    const names = [...view.root.querySelectorAll(".suggestions [role=option] .name")];
    expect(names.map(({ textContent }) => textContent)).toEqual([
      "/model name",
      "/system text",
      "/clear",
      "/help",
    ]);
  });

  it("/title and /assistant ask the kernel, and say what it refuses", async () => {
    await command("/title A new name");
    await command("/assistant ment");
    expect(view.host.all("conversation")).toMatchObject([
      { action: "rename", title: "A new name" },
      { action: "update", assistant: "mention" },
    ]);
    const [first] = view.host.all("conversation");
    await view.hear({
      ...{ kind: "reply", requestId: first?.requestId ?? "", ok: false },
      error: { message: "Only the owner may rename it." },
    });
    expect(view.text(".notice")).toBe("Only the owner may rename it.");
    await command("/assistant sometimes");
    expect(view.text(".notice")).toContain("always, mention and off");
    await command("/title");
    expect(view.text(".notice")).toContain("after /title");
  });

  it("/export saves what the kernel writes, under its name", async () => {
    const made: [string, Blob][] = [];
    vi.stubGlobal("URL", {
      createObjectURL: (blob: Blob) => {
        made.push(["blob:x", blob]);
        return "blob:x";
      },
      revokeObjectURL: () => {},
    });
    const click = vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(() => {});
    await command("/export json");
    const [asked] = view.host.all("export");
    expect(asked).toMatchObject({ format: "json" });
    await view.hear({
      ...{ kind: "reply", requestId: asked?.requestId ?? "", ok: true },
      result: { name: "team.json", text: "{}" },
    });
    expect(click).toHaveBeenCalledTimes(1);
    expect((click.mock.contexts[0] as HTMLAnchorElement).download).toBe("team.json");
    expect(await made[0]?.[1].text()).toBe("{}");
    await command("/export pdf");
    expect(view.text(".notice")).toContain("markdown, json, html and ipynb");
    vi.unstubAllGlobals();
  });

  it("/help opens its sheet", async () => {
    await command("/help");
    expect(view.store.composing.sheet.value).toBe("help");
  });
});

describe("completion", () => {
  const lea = person("lea", "Léa Martin");
  beforeEach(async () => {
    await view.live({
      conversation: null,
      participants: [person("ada", "Ada"), BO, lea],
      providers: [figures("openai", { models: ["gpt"] })],
    });
    await view.painted();
  });
  const options = (): HTMLElement[] => [
    ...view.root.querySelectorAll<HTMLElement>(".suggestions [role=option]"),
  ];
  const names = (): string[] => options().map((each) => each.querySelector(".name")?.textContent ?? "");

  it("lists the commands at a slash, and the field names the active one", async () => {
    const field = await write("/");
    expect(names()[0]).toBe("/model name");
    expect(options()).toHaveLength(8);
    const list = view.find(".suggestions [role=listbox]");
    expect(field.getAttribute("aria-controls")).toBe(list.id);
    expect(field.getAttribute("aria-activedescendant")).toBe(options()[0]?.id);
    press(field, "ArrowUp");
    await view.painted();
    expect(field.getAttribute("aria-activedescendant")).toBe(options()[7]?.id);
    expect(options()[7]?.getAttribute("aria-selected")).toBe("true");
    await write("");
    expect(field.hasAttribute("aria-activedescendant")).toBe(false);
    expect(field.hasAttribute("aria-controls")).toBe(false);
  });

  it("is taken with Tab or Enter; a command that needs no words runs with Enter", async () => {
    press(await write("/mo"), "Tab");
    await view.painted();
    expect(area().value).toBe("/model ");
    expect(names()).toContain("gpt");
    press(await write("/hel"), "Enter");
    await view.painted();
    await view.painted();
    expect(view.store.composing.sheet.value).toBe("help");
    expect(area().value).toBe("");
    expect(sent()).toEqual([]);
  });

  it("names people and models after an @, not oneself, and takes them by mouse", async () => {
    await write("hi @");
    expect(names()).toEqual(["Bo", "Léa Martin", "assistant", "gpt"]);
    await write("hi @lea");
    options()[0]?.click();
    await view.painted();
    expect(area().value).toBe("hi @Léa Martin ");
    expect(options()).toEqual([]);
  });

  it("closes with Escape, which then stops nothing", async () => {
    await view.live({
      participants: [BO],
      messages: [question(1, "Q"), answer(2, "", { status: "streaming" })],
    });
    const field = await write("@b");
    expect(press(field, "Escape").defaultPrevented).toBe(true);
    await view.painted();
    expect(options()).toEqual([]);
    expect(view.host.all("stop")).toEqual([]);
    press(field, "Escape");
    expect(view.host.all("stop")).toHaveLength(1);
  });

  it("comes again when the same is written again after Escape", async () => {
    press(await write("@b"), "Escape");
    await view.painted();
    expect(options()).toEqual([]);
    await write("");
    await write("@b");
    expect(options()).not.toEqual([]);
  });

  it("does not hold up what is complete: Enter sends it", async () => {
    press(await write("@Bo"), "Enter");
    await view.painted();
    await view.painted();
    expect(sent()).toEqual(["@Bo"]);
  });

  it("leaves Enter to an input method, and arrows with a modifier to the field", async () => {
    const field = await write("@b");
    expect(press(field, "Enter", { isComposing: true }).defaultPrevented).toBe(false);
    expect(press(field, "ArrowUp", { altKey: true }).defaultPrevented).toBe(false);
    expect(area().value).toBe("@b");
  });
});

describe("what goes with a message", () => {
  it("is who it names, and the model where it names one", async () => {
    await view.live({ providers: [figures("openai", { models: ["gpt", "gpt-mini"] })] });
    await view.painted();
    press(await write("@Bo and @gpt-mini: see a@bo.org "), "Enter");
    await view.painted();
    await view.painted();
    expect(view.host.all("send")).toMatchObject([
      { mentions: ["bo"], provider: "openai", model: "gpt-mini", text: "@Bo and @gpt-mini: see a@bo.org" },
    ]);
  });

  it("is the person's parameters, also when it is sent again", async () => {
    await view.live();
    view.store.composing.parameters.value = { temperature: 0.2 };
    press(await write("one"), "Enter");
    const [first] = view.host.all("send");
    expect(first).toMatchObject({ parameters: { temperature: 0.2 } });
    view.store.composing.parameters.value = {};
    await view.hear({
      ...{ kind: "reply", requestId: first?.requestId ?? "", ok: false },
      error: { message: "You are offline." },
    });
    view.find<HTMLButtonElement>(".outgoing .plain").click();
    expect(view.host.all("send")[1]).toMatchObject({ id: first?.id, parameters: { temperature: 0.2 } });
  });

  it("is what it answers, which stands above the field", async () => {
    await view.live({ messages: [question(1, "High or low?"), answer(2, "Low.", { model: "gpt" })] });
    await view.painted();
    view.store.replyTo.value = question(1, "High or low?");
    await view.painted();
    expect(view.text(".field .replying")).toContain("High or low?");
    expect(view.root.activeElement).toBe(area());
    await view.ops({
      op: "message",
      message: {
        ...question(1, ""),
        metadata: { seq: 1, eventSeq: 3, deletedAt: "2026-01-01T00:00:00.000Z" },
      },
    });
    await view.painted();
    expect(view.text(".field .replying")).not.toContain("High or low?");
    press(await write("High."), "Enter");
    await view.painted();
    expect(view.host.all("send")).toMatchObject([{ text: "High.", replyTo: "q1" }]);
    expect(view.root.querySelector(".replying")).toBeNull();
  });
});

describe("a paste", () => {
  function paste(text: string): boolean {
    const event = new Event("paste", { bubbles: true, cancelable: true });
    Object.assign(event, {
      clipboardData: { getData: (type: string) => (type === "text/plain" ? text : "") },
    });
    area().dispatchEvent(event);
    return event.defaultPrevented;
  }

  it("of code becomes a fenced block; of prose it is the browser's", async () => {
    await view.live();
    await view.painted();
    expect(paste("just words")).toBe(false);
    await write("See: ");
    expect(paste("for x in y:\n  a(x)\n  b(x)")).toBe(true);
    await view.painted();
    expect(view.store.draft.value).toBe("See: \n```\nfor x in y:\n  a(x)\n  b(x)\n```\n");
    expect(area().selectionStart).toBe(area().value.length);
  });

  it("of more than a message holds goes along as a file, and the field stays as it is", async () => {
    await view.live();
    await view.painted();
    vi.spyOn(view.store.chunks, "load").mockResolvedValue({ attachingOf } as never);
    await write("Look:");
    expect(paste("x".repeat(MAX_CONTENT_BYTES))).toBe(false);
    expect(paste("é".repeat(MAX_CONTENT_BYTES / 2 + 1)), "counted in bytes").toBe(true);
    expect(paste("x = 1\n".repeat(900_000))).toBe(true);
    expect(view.store.draft.value).toBe("Look:");
    await settled();
    expect(attachingOf(view.store).items.value.map(({ file }) => [file.name, file.size])).toEqual([
      ["pasted.txt", MAX_CONTENT_BYTES + 2],
      ["pasted.txt", 5_400_000],
    ]);
  });
});

describe("the gauge", () => {
  const LOCAL = figures("local", { models: ["smol.gguf"], contextTokens: 8_192 });
  const LINE = { provider: "local", model: "smol.gguf", state: "healthy" as const, reason: "" };

  it("says how full the context is, with the draft", async () => {
    const messages = [question(1, "Q"), answer(2, "A", { promptTokens: 900, completionTokens: 83 })];
    await view.live({ messages, providers: [LOCAL], provider: LINE });
    await view.painted();
    expect(view.text(".gauge > span")).toBe("12% of 8k");
    await write("x".repeat(3_500));
    expect(view.text(".gauge > span")).toBe("24% of 8k");
    expect(view.find(".gauge").title).toContain("983 in the conversation as last counted");
  });

  it("warns when it is nearly full, and says what happens beyond", async () => {
    const messages = [question(1, "Q"), answer(2, "A", { promptTokens: 8_000, completionTokens: 100 })];
    await view.live({ messages, providers: [LOCAL], provider: LINE });
    await view.painted();
    expect(view.find(".gauge").className).toBe("gauge full");
    await write("x".repeat(3_500));
    expect(view.find(".gauge").title).toContain("oldest messages will be left out");
  });

  it("forgets what is past when the next message begins a fresh context, and when one did", async () => {
    const past = [question(1, "Q"), answer(2, "A", { promptTokens: 4_096 })];
    await view.live({ messages: past, providers: [LOCAL], provider: LINE });
    await view.painted();
    expect(view.text(".gauge > span")).toBe("50% of 8k");
    view.store.composing.fresh.value = true;
    await view.painted();
    expect(view.root.querySelector(".gauge")).toBeNull();
    view.store.composing.fresh.value = false;
    const begun = { ...question(3, "Anew?"), metadata: { ...question(3, "").metadata, contextStart: true } };
    await view.live({ messages: [...past, begun], providers: [LOCAL], provider: LINE });
    await view.painted();
    expect(view.text(".gauge > span")).toBe("0.1% of 8k");
  });

  it("says about how long the draft is where nobody knows the context, and nothing of an empty one", async () => {
    await view.live({ messages: [question(1, "Q")], providers: [figures("local")], provider: LINE });
    await view.painted();
    expect(view.root.querySelector(".gauge")).toBeNull();
    await write("x".repeat(35));
    expect(view.text(".gauge")).toBe("≈ 18 tokens");
  });
});

describe("what helps while one writes", () => {
  it("is not fetched before the first picture stands", async () => {
    const load = vi.spyOn(view.store.chunks, "load");
    await view.painted();
    expect(load).not.toHaveBeenCalled();
    await view.live();
    await view.painted();
    expect(load).toHaveBeenCalledWith("writing");
  });

  it("keeps no message back when it cannot be fetched", async () => {
    await view.live();
    vi.spyOn(view.store.chunks, "load").mockRejectedValue(new Error("The kernel was shut down."));
    press(await write("@Bo hi"), "Enter");
    await view.painted();
    expect(sent()).toEqual(["@Bo hi"]);
    press(await write("/help"), "Enter");
    await view.painted();
    expect(view.text(".notice")).toBe("The kernel was shut down.");
    expect(area().value).toBe("/help");
  });
});
