// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, it } from "vitest";
import type { ConnectionInfo, Queue, QueuedItem } from "../../../src/contract";
import { question } from "../../support/chat";
import { View } from "../../support/view";

const AWAY: ConnectionInfo = { state: "reconnecting", attempt: 3, retryAt: null, message: "No answer." };

let view: View;
beforeEach(() => {
  view = new View();
});
afterEach(() => view.close());

function item(id: string, change: Partial<QueuedItem> = {}): QueuedItem {
  return {
    ...{ id, kind: "message", messageId: id, text: `text of ${id}`, isCut: false, emoji: "", isOn: true },
    ...{ created: "2026-01-01T00:00:00.000Z", reason: null, attempted: false, files: [] },
    ...change,
  };
}

function queueOf(items: QueuedItem[], change: Partial<Queue> = {}): Queue {
  return { count: items.length, items, note: "", asOf: null, ...change };
}

async function away(queue: Queue): Promise<void> {
  await view.live({ connection: AWAY, messages: [question(1, "before")], queue });
  await view.painted();
}

async function opened(): Promise<void> {
  view.find<HTMLButtonElement>("header button.queued").click();
  await view.painted();
}

const rows = (): HTMLElement[] => [...view.root.querySelectorAll<HTMLElement>(".queue ol > li")];
const words = (): string[] => rows().map((row) => row.querySelector(".words")?.textContent ?? "");

async function press(row: HTMLElement | undefined, label: string): Promise<void> {
  const found = [...(row?.querySelectorAll("button") ?? [])].find(
    (button) => (button.getAttribute("aria-label") ?? button.textContent) === label,
  );
  if (!found) throw new Error(`no button ${label}`);
  found.click();
  await view.painted();
}

it("counts what the kernel keeps and shows its messages after the conversation", async () => {
  await away(queueOf([item("a"), item("b"), item("c", { kind: "react", emoji: "+", text: "" })]));
  expect(view.text("header .queued")).toBe("queued (3)");
  const shown = [...view.root.querySelectorAll(".waiting .typed")].map((each) => each.textContent);
  expect(shown).toEqual(["text of a", "text of b"]);
  await view.hear({ kind: "ops", n: 2, ops: [{ op: "queue", queue: queueOf([item("b")]) }] });
  await view.painted();
  expect(view.text("header .queued")).toBe("queued (1)");
  await view.hear({ kind: "ops", n: 3, ops: [{ op: "queue", queue: queueOf([]) }] });
  await view.painted();
  expect(view.root.querySelector("header .queued")).toBeNull();
});

it("shows a message once that the kernel has taken over", async () => {
  await away(queueOf([]));
  view.store.send("typed here");
  await view.painted();
  expect(view.text("header .queued")).toBe("queued (1)");
  const id = view.host.all("send")[0]?.id ?? "";
  await view.hear({ kind: "ops", n: 2, ops: [{ op: "queue", queue: queueOf([item(id)]) }] });
  await view.painted();
  expect(view.text("header .queued")).toBe("queued (1)");
  expect(view.root.querySelectorAll(".outgoing")).toHaveLength(1);
});

it("names the files that wait with a message, in the conversation and in the list", async () => {
  await away(queueOf([item("a", { files: ["figures.csv", "plot.png"] }), item("b")]));
  const named = (where: string): (string | null)[] =>
    [...view.root.querySelectorAll(`${where} .file-names li`)].map((each) => each.textContent);
  expect(named(".waiting")).toEqual(["figures.csv", "plot.png"]);
  await opened();
  expect(named(".queue")).toEqual(["figures.csv", "plot.png"]);
});

it("says as of when the conversation is", async () => {
  await away(queueOf([], { asOf: Date.parse("2026-01-02T03:04:00") }));
  expect(view.text(".as-of")).toMatch(/The hub is away: this is as of .*2026.*4/);
});

it("lists what waits, to edit, delete and order", async () => {
  await away(queueOf([item("a"), item("b"), item("c", { kind: "delete", text: "" })]));
  await opened();
  expect(words()).toEqual(["text of a", "text of b", ""]);
  expect(rows()[2]?.querySelector(".kind")?.textContent).toBe("Delete");
  await press(rows()[1], "Send earlier");
  await press(rows()[2], "Delete");
  await press(rows()[0], "Edit");
  const area = view.find<HTMLTextAreaElement>(".queue textarea");
  expect(area.value).toBe("text of a");
  area.value = "other words";
  area.dispatchEvent(new Event("input", { bubbles: true }));
  await view.painted();
  await press(rows()[0], "Save");
  expect(view.host.all("queue")).toMatchObject([
    { id: "b", action: "move", to: 0 },
    { id: "c", action: "delete" },
    { id: "a", action: "edit", text: "other words" },
  ]);
});

it("says why the hub refused a message, with the choices", async () => {
  await away(queueOf([item("a", { reason: "content: not here" })]));
  expect(view.text(".waiting .problem")).toContain("Not sent. content: not here");
  await press(view.find(".waiting"), "Retry");
  expect(view.host.all("queue")).toMatchObject([{ id: "a", action: "again" }]);
  await press(view.find(".waiting"), "Edit");
  expect(view.find<HTMLTextAreaElement>(".queue textarea").value).toBe("text of a");
});

it("lets nothing pass what may have arrived, and says why something cannot be done", async () => {
  await away(queueOf([item("a", { attempted: true }), item("b"), item("c")]));
  await opened();
  const earlier = (row: HTMLElement | undefined): boolean | undefined =>
    row?.querySelector<HTMLButtonElement>('[aria-label="Send earlier"]')?.disabled;
  expect(rows().map(earlier)).toEqual([true, true, false]);
  expect(rows().map((row) => row.textContent?.includes("its place is fixed"))).toEqual([true, false, false]);
  await press(rows()[1], "Delete");
  const requestId = view.host.all("queue")[0]?.requestId ?? "";
  await view.hear({ kind: "reply", requestId, ok: false, error: { message: "Too late." } });
  await view.painted();
  expect(view.text(".queue [role=alert]")).toBe("Too late.");
});

it("lets what is done to messages pass what may have arrived", async () => {
  const edit = item("e", { kind: "edit", messageId: "m", attempted: true });
  await away(queueOf([edit, item("a", { attempted: true }), item("b")]));
  await opened();
  const later = (row: HTMLElement | undefined): boolean | undefined =>
    row?.querySelector<HTMLButtonElement>('[aria-label="Send later"]')?.disabled;
  expect(rows().map(later)).toEqual([false, true, true]);
});
