// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Described } from "../../../src/context/described";
import type { ViewMessage } from "../../../src/kernel/messages";
import { textOf } from "../../../src/messages/parts";
import { ADA, BO, question } from "../../support/chat";
import { press, View } from "../../support/view";

const FRAME: Described = {
  ...{ name: "df", kind: "table", title: "DataFrame, 150 rows × 5 columns", text: "columns:\n- a: int64" },
  ...{ image: null, cut: "", masked: ["token"], problem: "" },
};

let view: View;
beforeEach(async () => {
  view = new View();
  await view.live({ variables: true });
});
afterEach(() => view.close());

type Asked<Kind> = Extract<ViewMessage, { kind: Kind }>;

const area = (): HTMLTextAreaElement => view.find<HTMLTextAreaElement>(".field textarea");
const rows = (): HTMLElement[] => [...view.root.querySelectorAll<HTMLElement>(".context-item")];
const asked = (): Asked<"context">[] => view.host.all("context") as Asked<"context">[];
const options = (): HTMLElement[] => [...view.root.querySelectorAll<HTMLElement>('[role="option"]')];

async function write(text: string): Promise<void> {
  const field = area();
  field.value = text;
  field.setSelectionRange(text.length, text.length);
  field.dispatchEvent(new Event("input", { bubbles: true }));
  await view.painted();
}

async function reply(kind: "context" | "variables", result: unknown): Promise<void> {
  const { requestId } = view.host.all(kind).at(-1) as { requestId: string };
  await view.hear({ kind: "reply", requestId, ok: true, result });
}

async function named(text = "What is in @df ?"): Promise<void> {
  await write(text);
  await view.pass(300);
  await reply("context", [FRAME]);
}

describe("a name after @", () => {
  it("is offered with type, shape and size, as the kernel has it", async () => {
    await write("See @");
    await reply("variables", [
      { name: "df", type: "DataFrame", shape: "150 × 5", size: "6 kB" },
      { name: "file:", type: "file", shape: "", size: "" },
    ]);
    const variable = options().find(({ textContent }) => textContent?.startsWith("df"));
    expect(variable?.textContent).toBe("dfDataFrame · 150 × 5 · 6 kB");
    variable?.click();
    await view.painted();
    expect(area().value).toBe("See @df ");
  });

  it("goes on after a folder", async () => {
    await write("See @fil");
    await reply("variables", [{ name: "file:", type: "file", shape: "", size: "" }]);
    press(area(), "Enter");
    await view.painted();
    expect(area().value).toBe("See @file:");
    await reply("variables", [{ name: "file:my notes.txt", type: "file", shape: "", size: "" }]);
    press(area(), "Enter");
    await view.painted();
    expect(area().value).toBe('See @file:"my notes.txt" ');
  });
});

describe("what goes along", () => {
  it("is shown in a line, and the very text on demand; it goes as it was edited", async () => {
    await named();
    expect(asked()).toMatchObject([{ names: ["df"], left: 20_480 }]);
    expect(rows().map((row) => row.textContent)).toEqual([
      expect.stringContaining("@dfDataFrame, 150 rows × 5 columnssecrets masked"),
    ]);
    expect(view.find(".context .changed").title).toBe("token");
    view.find<HTMLButtonElement>(".context-row .fold").click();
    await view.painted();
    const text = view.find<HTMLTextAreaElement>(".context-body textarea");
    expect(text.value).toBe(FRAME.text);
    text.value = "only this";
    text.dispatchEvent(new Event("input", { bubbles: true }));
    await view.painted();
    press(area(), "Enter");
    await view.painted();
    expect(view.host.all("send")).toMatchObject([
      { text: "What is in @df ?", context: [{ name: "df", text: "only this" }] },
    ]);
    expect(rows()).toEqual([]);
    expect(area().value).toBe("");
  });

  it("is left out when somebody says so, or names it no more", async () => {
    await named();
    view.find<HTMLButtonElement>('[aria-label="Leave out @df"]').click();
    await view.painted();
    expect(rows()).toEqual([]);
    press(area(), "Enter");
    await view.painted();
    expect(view.host.all("send")[0]).not.toHaveProperty("context");
    await named("@df again");
    await write("nothing");
    await view.pass(300);
    expect(rows()).toEqual([]);
  });

  it("is not sent before it was shown: the first Enter shows it", async () => {
    await write("Why @df");
    press(area(), "Enter");
    await view.painted();
    await reply("context", [FRAME]);
    expect(view.host.all("send")).toEqual([]);
    expect(view.find(".notice").textContent).toContain("@df. Have a look, then send again.");
    expect(area().value).toBe("Why @df");
    press(area(), "Enter");
    await view.painted();
    expect(view.host.all("send")).toMatchObject([{ context: [{ name: "df" }] }]);
  });

  it("is not lost where somebody writes on while it is being read", async () => {
    await write("Why @df");
    press(area(), "Enter");
    await view.painted();
    await write("And then");
    await reply("context", [FRAME]);
    expect(view.host.all("send")).toEqual([]);
    expect(area().value).toBe("Why @df\n\nAnd then");
  });

  it("is nothing where the name means nothing in the kernel, or a person", async () => {
    await write("@Bo and @nobody: hello");
    await view.pass(300);
    expect(asked()).toMatchObject([{ names: ["nobody"] }]);
    await reply("context", []);
    press(area(), "Enter");
    await view.painted();
    expect(view.host.all("send")).toMatchObject([{ mentions: ["bo"] }]);
    expect(view.host.all("send")[0]).not.toHaveProperty("context");
  });

  it("says quietly that a name means nothing, once somebody has written on after it", async () => {
    await write("What is @nosuch");
    await view.pass(300);
    await reply("context", []);
    expect(view.text(".context-note")).toBe("");
    await write("What is @nosuch and");
    await view.pass(300);
    expect(view.text(".context-note")).toBe("Nothing here is called @nosuch: it goes as plain words.");
    await write("What is @df and");
    await view.painted();
    await view.pass(300);
    expect(view.text(".context-note")).toBe("");
  });

  it("says nothing of people, addresses and decorators", async () => {
    await view.live({
      variables: true,
      participants: [ADA, { ...BO, userName: "Bo Derek" }],
      messages: [question(1, "Hi", { ...BO, userId: "cy", userName: "Cy" })],
    });
    await write(
      "@Ada @Bo @Cy a@nosuch.example @app.route @types/node\n@cached\ndef f(): pass\n\n`@x` and\n```\n@y z\n```\nwell",
    );
    await view.pass(300);
    await reply("context", []);
    expect(view.text(".context-note")).toBe("");
  });

  it("says so, too, where there is no kernel", async () => {
    await view.live();
    await write("Plot @df please");
    await view.pass(300);
    expect(view.host.all("context")).toEqual([]);
    expect(view.text(".context-note")).toBe(
      "This chat sees no variables: @df goes as plain words. The chat in a cell takes them along.",
    );
    press(area(), "Enter");
    await view.painted();
    expect(view.host.all("send")).toMatchObject([{ text: "Plot @df please" }]);
    expect(view.text(".context-note")).toBe("");
  });

  it("is asked for again in another draft where the name meant nothing before", async () => {
    await write("What is in @df ?");
    await view.pass(300);
    await reply("context", []);
    expect(rows()).toEqual([]);
    await write("");
    await view.pass(300);
    await named();
    expect(rows()).toHaveLength(1);
  });

  it("is refused to others in a line, and what they wrote is sent", async () => {
    await write("What is in @df ?");
    await view.pass(300);
    const error = { message: "Only ada, whose kernel this is, may look at its variables." };
    await view.hear({ kind: "reply", requestId: asked()[0]?.requestId ?? "", ok: false, error });
    expect(view.find(".context-note").textContent).toBe(error.message);
    press(area(), "Enter");
    await view.painted();
    expect(view.host.all("send")).toMatchObject([{ text: "What is in @df ?" }]);
  });

  it("says why it could not be described, and does not go", async () => {
    await write("What is in @df ?");
    await view.pass(300);
    await reply("context", [{ ...FRAME, text: "", problem: "It could not be described: KeyError." }]);
    expect(rows()[0]?.textContent).toContain("It could not be described: KeyError.");
    press(area(), "Enter");
    await view.painted();
    expect(view.host.all("send")[0]).not.toHaveProperty("context");
  });
});

describe("a kernel that does not answer", () => {
  it("holds no message: the sender is told at once, and sends it without", async () => {
    await write("Why @df and @everyone?");
    press(area(), "Enter");
    await view.painted();
    await view.pass(250);
    expect(view.host.all("send")).toEqual([]);
    expect(view.find(".notice").textContent).toContain("has not said yet what @df and @everyone is");
    expect(area().value).toBe("Why @df and @everyone?");
    press(area(), "Enter");
    await view.painted();
    await view.pass(250);
    expect(view.host.all("send")).toMatchObject([{ text: "Why @df and @everyone?" }]);
    expect(view.host.all("send")[0]).not.toHaveProperty("context");
  });

  it("is waited for again where it answers before the second Enter", async () => {
    await write("Why @df");
    press(area(), "Enter");
    await view.painted();
    await view.pass(250);
    await reply("context", [FRAME]);
    expect(rows()).toHaveLength(1);
    press(area(), "Enter");
    await view.painted();
    expect(view.host.all("send")).toMatchObject([{ context: [{ name: "df" }] }]);
  });
});

describe("more names than go along", () => {
  const nine = Array.from({ length: 9 }, (_, index) => `v${index}`);
  const described = nine.map((name) => ({ ...FRAME, name }));

  it("are said before the message is sent, and find a place when another is left out", async () => {
    await write(nine.map((name) => `@${name}`).join(" "));
    await view.pass(300);
    expect(asked()[0]?.names).toEqual(nine.slice(0, 8));
    await reply("context", described.slice(0, 8));
    expect(view.find(".context .context-note").textContent).toBe("At most 8 go along. Left out: @v8.");
    view.find<HTMLButtonElement>('[aria-label="Leave out @v3"]').click();
    await view.painted();
    expect(asked()[1]?.names).toEqual(["v8"]);
    await reply("context", described.slice(8));
    expect(view.root.querySelector(".context .context-note")).toBeNull();
    expect(rows()).toHaveLength(8);
  });

  it("are said at the first Enter where nobody has seen it yet", async () => {
    await write(nine.map((name) => `@${name}`).join(" "));
    press(area(), "Enter");
    await view.painted();
    await reply("context", described.slice(0, 8));
    expect(view.host.all("send")).toEqual([]);
    expect(view.find(".notice").textContent).toContain("At most 8 go along; @v8 stays out.");
    press(area(), "Enter");
    await view.painted();
    expect(view.host.all("send")).toHaveLength(1);
  });
});

it("is asked of no view that has no kernel", async () => {
  await view.live();
  await write("See @df and @x");
  await view.pass(300);
  press(area(), "Enter");
  await view.painted();
  expect([...view.host.all("variables"), ...asked()]).toEqual([]);
  expect(view.host.all("send")).toMatchObject([{ text: "See @df and @x" }]);
});

describe("a message with context", () => {
  it("shows its words, and what went along folded", async () => {
    const content = [
      { type: "text" as const, text: "Why @df?" },
      { type: "text" as const, text: "@df: DataFrame\n```text\na\n1\n```" },
    ];
    const metadata = { context: [{ name: "df", kind: "table", title: "DataFrame, 1 × 1" }], seq: 1 };
    const message = { ...question(1, "", ADA), content, metadata };
    expect(textOf(message)).toBe("Why @df?");
    await view.live({ variables: true, messages: [message], seq: 1 });
    await view.painted();
    expect(view.find(".bubble").textContent).toBe("Why @df?");
    expect(view.find(".went-along summary").textContent).toBe("@dfDataFrame, 1 × 1");
    expect(view.find(".went-along-text").textContent).toContain("@df: DataFrame");
  });
});
