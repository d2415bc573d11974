// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ConversationSettings } from "../../../src/contract";
import type { ViewMessage } from "../../../src/kernel/messages";
import { MAX_BYTES } from "../../../src/views/finding/upload";
import { press, View } from "../../support/view";

type Asked = Extract<ViewMessage, { kind: "import" }>;

const SETTINGS: ConversationSettings = {
  ...{ conversationId: "team", visibility: "open", assistant: "always", title: "Our plans", role: "owner" },
};

let view: View;
beforeEach(async () => {
  view = new View();
  await view.live({ conversation: SETTINGS });
  press(view.type("/export"), "Enter");
  await view.painted();
});
afterEach(() => {
  view.close();
});

const asked = (): Asked[] => view.host.all("import") as Asked[];
const status = (): string => view.text(".import [role=status]");

async function choose(file: Blob): Promise<void> {
  const field = view.find<HTMLInputElement>(".import input[type=file]");
  Object.defineProperty(field, "files", { configurable: true, value: [file] });
  field.dispatchEvent(new Event("change"));
  await view.painted();
}

async function reply(result: unknown = null): Promise<void> {
  const requestId = asked().at(-1)?.requestId ?? "";
  await view.hear({ kind: "reply", requestId, ok: true, result });
  await view.painted();
}

const brought = (title: string, rest: object = {}): object => ({
  left: 0,
  conversation: { title, conversationId: title, messages: 3, existed: false, problem: null, ...rest },
});

describe("an import", () => {
  it("hands the file over in pieces, then asks for one conversation after the other", async () => {
    const text = "x".repeat(200_000);
    await choose(new Blob([text]));
    expect(asked()).toMatchObject([{ action: "begin", size: 200_000 }]);
    await reply("u");
    expect(status()).toBe("The file is handed over: 0 %");
    await reply();
    expect(status()).toBe("The file is handed over: 98 %");
    await reply();
    const parts = asked().filter((each) => each.action === "part");
    expect(parts.map((each) => "at" in each && each.at)).toEqual([0, 196_608]);
    expect(parts.map((each) => ("data" in each ? atob(each.data) : "")).join("")).toBe(text);
    expect(status()).toBe("The file is read…");
    await reply({ conversations: 3, messages: 9 });
    await reply({ ...brought("First"), left: 2 });
    expect(status()).toBe("Conversation 1 of 3");
    await reply({ ...brought("Second", { conversationId: null, problem: "has no text" }), left: 1 });
    await reply(brought("Third", { existed: true }));
    expect(status()).toBe("2 conversations imported");
    const rows = [...view.root.querySelectorAll(".brought li")].map((each) => each.textContent);
    expect(rows).toEqual(["First3 messages", "Secondnot imported: has no text", "Thirdis there already"]);
    view.find<HTMLButtonElement>(".brought button").click();
    await view.painted();
    expect(view.host.all("conversation")).toMatchObject([{ action: "open", conversationId: "First" }]);
  });

  it("says why a file cannot be used, and lets go of it", async () => {
    await choose(new Blob(["[]"]));
    await reply("u");
    await reply();
    const requestId = asked().at(-1)?.requestId ?? "";
    const message = "file: has no conversation";
    await view.hear({ kind: "reply", requestId, ok: false, error: { message } });
    await view.painted();
    expect(view.text(".import .wrong")).toBe(message);
    expect(asked().at(-1)).toMatchObject({ action: "forget", id: "u" });
    const before = asked().length;
    await choose({ size: MAX_BYTES + 1 } as Blob);
    expect(view.text(".import .wrong")).toContain("chat.import_(path)");
    expect(asked()).toHaveLength(before);
  });

  it("says in full why a conversation was not taken", async () => {
    await choose(new Blob(["[]"]));
    await reply("u");
    await reply();
    await reply({ conversations: 1, messages: 1 });
    const problem =
      "message 17 has 70000 bytes of text, which is more than the 32768 that a message may have";
    await reply(brought("Long", { conversationId: null, problem }));
    expect(view.text(".brought .wrong")).toBe(`not imported: ${problem}`);
  });

  it("stops where one wants, and when the sheet closes", async () => {
    await choose(new Blob(["[]"]));
    await reply("u");
    await reply();
    await reply({ conversations: 2, messages: 2 });
    view.find<HTMLButtonElement>(".import .quiet").click();
    await reply({ ...brought("First"), left: 1 });
    expect(status()).toBe("Stopped; 1 conversation imported");
    expect(asked().at(-1)).toMatchObject({ action: "forget" });
  });
});
