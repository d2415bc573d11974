// @vitest-environment happy-dom
// Files for the next message: picked, dropped or pasted.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MAX_ATTACHMENTS, MAX_CONTENT_BYTES, MAX_FILE_BYTES } from "../../../src/contract";
import { KernelFiles, shown } from "../../support/kernel-files";
import { View } from "../../support/view";

let view: View;
beforeEach(async () => {
  view = new View();
  await view.live();
});
afterEach(() => view.close());

const chat = (): HTMLElement => view.find(".chat");
const button = (): HTMLButtonElement => view.find<HTMLButtonElement>('button[aria-label="Attach"]');
const picker = (): HTMLInputElement => view.find<HTMLInputElement>("input[type=file]");
const names = (): string[] =>
  [...view.root.querySelectorAll(".upload .name")].map((each) => each.textContent);
const files = (count: number): File[] =>
  Array.from({ length: count }, (_, index) => new File(["x"], `${index}.txt`));

/** An event of a drag or a paste with what it carries, which no constructor takes here. */
function carrying(name: string, part: "dataTransfer" | "clipboardData", data: object): Event {
  return Object.assign(new Event(name, { bubbles: true, cancelable: true, composed: true }), {
    [part]: data,
  });
}

function pick(...picked: File[]): void {
  Object.defineProperty(picker(), "files", { value: picked, configurable: true });
  picker().dispatchEvent(new Event("change", { bubbles: true }));
}

const drag = (name: string, list: readonly File[], types: readonly string[] = ["Files"]): Event =>
  carrying(name, "dataTransfer", { types, files: list });

function paste(
  target: EventTarget,
  words: string,
  list: readonly File[] = [],
  types = ["text/plain"],
): Event {
  const event = carrying("paste", "clipboardData", {
    ...{ files: list, types },
    getData: (type: string) => (type === "text/plain" ? words : ""),
  });
  target.dispatchEvent(event);
  return event;
}

describe("the button", () => {
  it("opens the browser's own choice of several files", () => {
    let opened = 0;
    picker().click = () => {
      opened += 1;
    };
    button().click();
    expect([opened, picker().multiple, picker().hidden]).toEqual([1, true, true]);
  });

  it("takes what was picked, and may take the same file again", async () => {
    pick(new File(["a"], "a.txt"), new File(["b"], "b.txt"));
    await shown(view, () => expect(names()).toEqual(["a.txt", "b.txt"]));
    expect(picker().value).toBe("");
    pick(new File(["a"], "a.txt"));
    await shown(view, () => expect(names()).toEqual(["a.txt", "b.txt", "a.txt"]));
  });

  it("takes nothing where the choice was given up", async () => {
    pick();
    await view.painted();
    expect(view.root.querySelector(".tray")).toBeNull();
  });

  it("says why a part of the chat that it needs does not come", async () => {
    view.store.chunks.load = () => Promise.reject(new Error("the kernel is gone"));
    pick(new File(["a"], "a.txt"));
    await shown(view, () => expect(view.text(".notice[role=alert]")).toBe("the kernel is gone"));
  });

  it.each([
    ["one may only read", { readOnly: "This access may read and not write." }],
    ["one was removed", { connection: { state: "removed", attempt: 0, retryAt: null, message: null } }],
  ] as const)("is off, and says why, where %s", async (_, change) => {
    await view.live(change);
    expect(button().disabled).toBe(true);
    expect(button().title).not.toBe("Attach files (or drop or paste them here)");
    const drop = drag("drop", files(1));
    chat().dispatchEvent(drop);
    await view.painted();
    // The browser would leave the notebook for the file.
    expect(drop.defaultPrevented).toBe(true);
    expect(view.root.querySelector(".upload")).toBeNull();
  });
});

describe("what is dropped on the chat", () => {
  it("is marked while it is over it, and attached", async () => {
    const over = drag("dragover", []);
    chat().dispatchEvent(over);
    expect(over.defaultPrevented).toBe(true);
    expect(chat().dataset.dropping).toBe("Drop files here to attach them");
    chat().dispatchEvent(drag("drop", files(2)));
    expect(chat().dataset.dropping).toBeUndefined();
    await shown(view, () => expect(names()).toEqual(["0.txt", "1.txt"]));
  });

  it("is marked no more once it has left the chat, and stays so from one part of it to the next", () => {
    chat().dispatchEvent(drag("dragover", []));
    const within = Object.assign(drag("dragleave", []), { relatedTarget: view.find("textarea") });
    chat().dispatchEvent(within);
    expect(chat().dataset.dropping).toBeDefined();
    chat().dispatchEvent(Object.assign(drag("dragleave", []), { relatedTarget: document.body }));
    expect(chat().dataset.dropping).toBeUndefined();
  });

  it.each([["text/plain"], ["application/vnd.jupyter.cells"]])(
    "is left to the page where it is no file but %s",
    (type) => {
      const events = ["dragover", "drop"].map((name) => drag(name, [], [type]));
      for (const event of events) chat().dispatchEvent(event);
      expect(events.map((event) => event.defaultPrevented)).toEqual([false, false]);
      expect(chat().dataset.dropping).toBeUndefined();
    },
  );

  it("is nobody's once the view has gone", async () => {
    const old = chat();
    view.close();
    await view.painted();
    const over = drag("dragover", []);
    old.dispatchEvent(over);
    expect([over.defaultPrevented, old.dataset.dropping]).toEqual([false, undefined]);
  });
});

describe("what is pasted", () => {
  const field = (): HTMLTextAreaElement => view.find<HTMLTextAreaElement>(".field textarea");

  it("is attached where it is a picture", async () => {
    const event = paste(chat(), "", [new File(["x"], "image.png", { type: "image/png" })], ["Files"]);
    expect(event.defaultPrevented).toBe(true);
    await shown(view, () => expect(names()).toEqual(["image.png"]));
  });

  it("is meant as text where a table offers itself as a picture as well", async () => {
    const event = paste(field(), "a\tb", [new File(["x"], "image.png")], ["text/plain", "Files"]);
    await view.painted();
    expect(event.defaultPrevented).toBe(false);
    expect(view.root.querySelector(".upload")).toBeNull();
  });

  it.each([
    ["of one byte more than a message holds", "x".repeat(MAX_CONTENT_BYTES + 1)],
    ["of fewer characters, each of three bytes", "永".repeat(Math.ceil(MAX_CONTENT_BYTES / 3) + 1)],
  ])("becomes a file where it is a text %s", async (_, words) => {
    expect(paste(field(), words).defaultPrevented).toBe(true);
    await shown(view, () => expect(names()).toEqual(["pasted.txt"]));
  });

  it("stays a text as long as a message holds it", async () => {
    expect(paste(field(), "x".repeat(MAX_CONTENT_BYTES)).defaultPrevented).toBe(false);
    await view.painted();
    expect(view.root.querySelector(".upload")).toBeNull();
  });

  it("is left alone in any field but that of the messages", () => {
    const other = document.createElement("textarea");
    chat().append(other);
    expect(paste(other, "if a:\n    b\n    c").defaultPrevented).toBe(false);
    expect(paste(field(), "if a:\n    b\n    c").defaultPrevented).toBe(true);
    expect(field().value).toContain("```\nif a:");
  });
});

describe("the limits", () => {
  it("of a message's files are told, and the first ones are taken", async () => {
    new KernelFiles(view);
    pick(...files(MAX_ATTACHMENTS + 2));
    await shown(view, () => expect(names()).toHaveLength(MAX_ATTACHMENTS));
    expect(view.text(".tray .wrong")).toBe(`A message takes ${MAX_ATTACHMENTS} files at most.`);
  });

  it("of a file's size names the file, and the others are taken", async () => {
    const large = new File(["x"], "large.bin");
    Object.defineProperty(large, "size", { value: MAX_FILE_BYTES + 1 });
    pick(large, new File(["b"], "b.txt"));
    await shown(view, () => expect(names()).toEqual(["b.txt"]));
    expect(view.find(".tray .wrong").getAttribute("role")).toBe("alert");
    expect(view.text(".tray .wrong")).toBe("large.bin is too large; the limit is 26.2 MB.");
    pick(new File(["c"], "c.txt"));
    await shown(view, () => expect(view.root.querySelector(".tray .wrong")).toBeNull());
  });
});
