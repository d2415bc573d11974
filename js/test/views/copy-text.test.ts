// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { copyText } from "../../src/views/copy-text";

let written: string[];
let host: HTMLElement;
beforeEach(() => {
  written = [];
  host = document.createElement("div");
  document.body.append(host);
});
afterEach(() => {
  host.remove();
  vi.unstubAllGlobals();
  Reflect.deleteProperty(document, "execCommand");
});

function clipboard(writeText: ((text: string) => Promise<void>) | undefined): void {
  Object.defineProperty(navigator, "clipboard", { value: writeText && { writeText }, configurable: true });
}

const denied = async (): Promise<void> => Promise.reject(new Error("denied"));

it.each([["text"], [""], ["يونيكود 👍\n\0"], ["x".repeat(200_000)]])(
  "goes to the clipboard as it is",
  async (text) => {
    clipboard(async (each) => void written.push(each));
    expect(await copyText(text)).toBe(true);
    expect(written).toEqual([text]);
  },
);

describe("where the clipboard is denied", () => {
  /** What is selected in the page is copied. */
  function selecting(succeeds: boolean | Error): void {
    Object.assign(document, {
      execCommand: () => {
        const area = document.querySelector<HTMLTextAreaElement>("body > textarea");
        written.push(area?.value.slice(area.selectionStart, area.selectionEnd) ?? "nothing");
        if (succeeds instanceof Error) throw succeeds;
        return succeeds;
      },
    });
  }

  it.each([
    ["denied", denied],
    ["not there", undefined],
  ])("(%s) a selection is copied", async (_, writeText) => {
    clipboard(writeText);
    selecting(true);
    expect(await copyText("two\nlines")).toBe(true);
    expect([written, document.querySelectorAll("textarea").length]).toEqual([["two\nlines"], 0]);
  });

  it.each([false, new Error("no")])("and a selection is too, nothing is left behind: %s", async (outcome) => {
    clipboard(denied);
    selecting(outcome);
    expect(await copyText("text")).toBe(false);
    expect(document.querySelectorAll("textarea")).toHaveLength(0);
  });

  it.each([
    ["of the page", (button: HTMLElement) => host.append(button)],
    ["in a view's own root", (button: HTMLElement) => host.attachShadow({ mode: "open" }).append(button)],
    [
      "in a root within a root",
      (button: HTMLElement) => {
        const inner = document.createElement("div");
        host.attachShadow({ mode: "open" }).append(inner);
        inner.attachShadow({ mode: "open" }).append(button);
      },
    ],
  ])("a button %s keeps the focus", async (_, place) => {
    clipboard(denied);
    selecting(true);
    // As browsers do it.
    vi.spyOn(HTMLTextAreaElement.prototype, "select").mockImplementation(function (
      this: HTMLTextAreaElement,
    ) {
      this.focus();
    });
    const button = document.createElement("button");
    place(button);
    button.focus();
    const came = vi.fn();
    button.addEventListener("focus", came);
    await copyText("text");
    expect((button.getRootNode() as ShadowRoot).activeElement).toBe(button);
    expect(came).toHaveBeenCalled();
  });
});
