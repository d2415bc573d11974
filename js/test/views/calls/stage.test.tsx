// @vitest-environment happy-dom
import { signal } from "@preact/signals";
import { render } from "preact";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { CallSession } from "../../../src/calls/session";
import { SILENCE } from "../../../src/calls/speaker";
import { calls } from "../../../src/texts/en/calls";
import { addTexts } from "../../../src/texts/texts";
import { Stage } from "../../../src/views/calls/stage";
import { settled } from "../../support/fake-clock";

addTexts(calls);

const muted: boolean[] = [];
const heard = signal(false);
const none = signal(null);
const session = {
  ...{ heard, peers: signal([]), remotes: signal(new Map()), selfId: signal("me"), notice: none },
  ...{ thin: signal(false), speaking: signal(SILENCE), voices: { blocked: signal(false) } },
  media: { problem: none, live: signal(true), tracks: { audio: none, video: none, screen: none } },
  async mute(on: boolean) {
    muted.push(on);
    heard.value = !on;
  },
} as unknown as CallSession;

let root: HTMLElement;
beforeEach(() => {
  muted.length = 0;
  heard.value = false;
  root = document.createElement("div");
  document.body.append(root);
  render(<Stage session={session} people={[]} />, root);
});
afterEach(() => {
  render(null, root);
  root.remove();
});

/** Presses the space bar; tells whether the page would have moved. */
function press(repeat = false): boolean {
  const event = new KeyboardEvent("keydown", { key: " ", repeat, bubbles: true, cancelable: true });
  return root.querySelector(".stage")?.dispatchEvent(event) ?? true;
}

it("lets one speak while the space bar is held, and does not move the page meanwhile", async () => {
  expect([press(), press(true), press(true)]).toEqual([false, false, false]);
  await settled();
  root.querySelector(".stage")?.dispatchEvent(new KeyboardEvent("keyup", { key: " ", bubbles: true }));
  expect(muted).toEqual([false, true]);
});

it("has the focus where the button that was pressed is gone, and takes it from nobody", () => {
  expect(document.activeElement).toBe(root.querySelector(".stage"));
  render(null, root);
  const editor = document.createElement("input");
  root.after(editor);
  editor.focus();
  render(<Stage session={session} people={[]} />, root);
  expect(document.activeElement).toBe(editor);
  editor.remove();
});

it.each([
  ["the window loses the focus", () => void globalThis.dispatchEvent(new Event("blur"))],
  [
    "the focus goes elsewhere",
    () => void root.querySelector(".stage")?.dispatchEvent(new FocusEvent("focusout", { bubbles: true })),
  ],
  ["the view goes", () => render(null, root)],
])("nobody is heard any more once %s", async (_, act) => {
  press();
  await settled();
  act();
  expect(muted).toEqual([false, true]);
});
