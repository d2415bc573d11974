// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ChatMessage, ConversationSettings } from "../../../src/contract";
import type { ViewMessage } from "../../../src/kernel/messages";
import { View } from "../../support/view";

const SETTINGS: ConversationSettings = {
  ...{ conversationId: "team", visibility: "open", assistant: "always", title: "Plans", role: "owner" },
};
const message = (id: string, pinned?: { by: string; at: string }): ChatMessage => ({
  ...{ id, role: "user", content: `text ${id}`, author: { userId: "bob", userName: "Bob" } },
  metadata: { seq: 1, timestamp: "2026-01-01T10:00:00Z", ...(pinned && { pinned }) },
});
const PINNED = message("m", { by: "bob", at: "2026-01-01T11:00:00Z" });

let view: View;
beforeEach(() => {
  view = new View();
});
afterEach(() => {
  view.close();
});

type Asked = Extract<ViewMessage, { requestId: string }>;

const asked = (kind: "pin" | "pinned"): Asked[] => view.host.all(kind) as Asked[];

async function reply(kind: "pin" | "pinned", result: unknown = null): Promise<void> {
  await view.hear({ kind: "reply", requestId: asked(kind).at(-1)?.requestId ?? "", ok: true, result });
  await view.painted();
}

describe("pinned messages", () => {
  it("are behind a button where there are any, also those that are not loaded", async () => {
    await view.live({ conversation: SETTINGS, messages: [message("m")], hasMore: true });
    await view.painted();
    expect(view.root.querySelector("[aria-label='1 pinned message']")).toBeNull();
    await reply("pinned", [message("old", { by: "bob", at: "2025-01-01T11:00:00Z" })]);
    view.find<HTMLButtonElement>("[aria-label='1 pinned message']").click();
    await view.painted();
    await reply("pinned", [message("old", { by: "bob", at: "2025-01-01T11:00:00Z" })]);
    expect(view.find(".sheet").getAttribute("aria-label")).toBe("Pinned messages");
    expect(view.text(".pinned .snippet")).toBe("text old");
    expect(view.text(".pinned .hit .hint")).toBe("Pinned by Bob");
    view.find<HTMLButtonElement>(".pinned [aria-label=Unpin]").click();
    await view.painted();
    expect(asked("pin")).toMatchObject([{ messageId: "old", on: false }]);
  });

  it("are known without asking where all messages are here", async () => {
    const pinned = ["a", "b"].map((id) => message(id, { by: "bob", at: "2026-01-01T11:00:00Z" }));
    await view.live({ conversation: SETTINGS, messages: [...pinned, message("m")] });
    await view.painted();
    expect(view.root.querySelector("[aria-label='2 pinned messages']")).not.toBeNull();
    await view.ops({ op: "message", message: message("a") });
    await view.painted();
    expect(view.root.querySelector("[aria-label='1 pinned message']")).not.toBeNull();
    expect(asked("pinned")).toEqual([]);
  });

  it("keep the focus where one is let go: at the next, at the last, at the sheet", async () => {
    const pinned = ["a", "b", "c"].map((id) => message(id, { by: "bob", at: "2026-01-01T11:00:00Z" }));
    await view.live({ conversation: SETTINGS, messages: pinned, hasMore: true });
    await view.painted();
    await reply("pinned", pinned);
    view.find<HTMLButtonElement>("[aria-label='3 pinned messages']").click();
    await view.painted();
    await reply("pinned", pinned);
    const rest = [...pinned];
    const snippet = (): string =>
      view.root.activeElement?.closest("li")?.querySelector(".snippet")?.textContent ?? "";
    for (const [id, next] of [
      ["b", "text c"],
      ["c", "text a"],
      ["a", ""],
    ] as const) {
      const at = rest.findIndex((each) => each.id === id);
      const button = view.root.querySelectorAll<HTMLButtonElement>(".pinned [aria-label=Unpin]")[at];
      button?.focus();
      button?.click();
      await view.painted();
      await reply("pin");
      rest.splice(at, 1);
      await view.ops({ op: "message", message: message(id) });
      await reply("pinned", [...rest]);
      expect(snippet()).toBe(next);
    }
    expect(view.root.activeElement?.getAttribute("role")).toBe("dialog");
  });

  it("stand beside where a message was brought in from, whatever that is called", async () => {
    const imported = { source: "constructor", by: "bob", at: "2026-01-01T11:00:00Z" };
    const { metadata, ...rest } = message("m");
    await view.live({ conversation: SETTINGS, messages: [{ ...rest, metadata: { ...metadata, imported } }] });
    await view.painted();
    expect(view.text(".marks")).toBe("Imported from constructor");
  });

  it("are not those of the conversation before", async () => {
    await view.live({ conversation: SETTINGS, hasMore: true });
    await view.painted();
    await reply("pinned", [PINNED]);
    expect(view.find("[aria-label='1 pinned message']")).toBeTruthy();
    await view.live({ conversation: SETTINGS, conversationId: "other", hasMore: true });
    await view.painted();
    expect(view.root.querySelector("[aria-label='1 pinned message']")).toBeNull();
  });

  it("say so, and who did; the list is asked for again when one comes", async () => {
    await view.live({ conversation: SETTINGS, messages: [message("m")], hasMore: true });
    await view.painted();
    await reply("pinned", []);
    expect(view.root.querySelector(".marks")).toBeNull();
    const before = asked("pinned").length;
    await view.hear({ kind: "ops", n: 2, ops: [{ op: "message", message: PINNED }] });
    await view.painted();
    expect(view.text(".marks .pin")).toContain("Pinned by Bob");
    expect(asked("pinned").length).toBe(before + 1);
  });
});
