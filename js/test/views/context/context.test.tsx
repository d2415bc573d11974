// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Described } from "../../../src/context/described";
import type { ViewMessage } from "../../../src/kernel-messages";
import { textOf } from "../../../src/messages";
import { ADA, question } from "../../support/chat";
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
