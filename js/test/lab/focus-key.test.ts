// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, it } from "vitest";
import { focusKey } from "../../src/lab/focus-key";
import type { Application } from "../../src/lab/jupyter";
import { press, View } from "../support/view";

const COMMAND = "conduit-chat:focus";
const executed: string[] = [];

class Commands {
  static keystrokeForKeydownEvent({ altKey, shiftKey, key }: KeyboardEvent): string {
    return [altKey && "Alt", shiftKey && "Shift", key.toUpperCase()].filter(Boolean).join(" ");
  }
  keyBindings = [
    { command: "other", keys: ["Alt Shift D"] },
    { command: COMMAND, keys: ["Alt Shift C"] },
  ];
  async execute(id: string): Promise<void> {
    executed.push(id);
  }
}

focusKey({ commands: new Commands() } as unknown as Application, COMMAND);

let view: View;
beforeEach(async () => {
  executed.length = 0;
  view = new View();
  await view.live();
});
afterEach(() => view.close());

const KEYS = { altKey: true, shiftKey: true };
const composer = (): HTMLElement => view.find(".composer textarea");

it("leads from the transcript to the composer of the same chat", () => {
  const transcript = view.find(".scroller");
  transcript.focus();
  expect(press(transcript, "C", KEYS).defaultPrevented).toBe(true);
  expect(view.root.activeElement).toBe(composer());
  expect(executed).toEqual([]);
});

it("leads on from there to the panel, as it does from the rest of the page", () => {
  composer().focus();
  press(composer(), "C", KEYS);
  expect(executed).toEqual([COMMAND]);
  press(document.body, "C", KEYS);
  expect(executed, "outside a chat it is Lumino's").toEqual([COMMAND]);
});

it("leaves who writes in the panel where they are", () => {
  view.el.parentElement?.insertAdjacentHTML("beforeend", `<div id="conduit-chat"></div>`);
  document.querySelector("#conduit-chat")?.append(view.el);
  composer().focus();
  expect(press(composer(), "C", KEYS).defaultPrevented).toBe(true);
  expect(view.root.activeElement).toBe(composer());
  expect(executed).toEqual([]);
});

it("is the key that the settings give the command, and no other", () => {
  view.find(".scroller").focus();
  press(view.find(".scroller"), "D", KEYS);
  press(view.find(".scroller"), "c");
  expect(view.root.activeElement).toBe(view.find(".scroller"));
  expect(executed).toEqual([]);
});
