// @vitest-environment happy-dom
// Which microphone, camera and speaker, in mid-call: by the pointer, by keys, and for whoever listens to it.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Stage } from "../../../src/views/calls/stage";
import { CallPage, device } from "../../support/call-page";
import { effectsRun } from "../../support/effects";
import { FakeCall, fakeTrack } from "../../support/fake-call";

let call: FakeCall;
let page: CallPage;
let root: HTMLElement;
beforeEach(async () => {
  page = new CallPage();
  root = page.root;
  call = new FakeCall();
  (HTMLMediaElement.prototype as { setSinkId?: unknown }).setSinkId = () => {};
  page.devices.list = [
    device("audioinput", "default", "Default - Desk"),
    device("audioinput", "d", "Desk\u202e"),
    device("audioinput", "h", "Headset"),
    device("audiooutput", "b", "Boxes"),
    device("videoinput", "v", "Camera of the screen"),
  ];
  await call.media.devices.look();
});
afterEach(() => {
  page.close();
  Reflect.deleteProperty(HTMLMediaElement.prototype, "setSinkId");
});

const SOUND = "Choose microphone and speaker";
const opener = (label: string): HTMLButtonElement =>
  root.querySelector(`button[aria-label="${label}"][aria-haspopup="menu"]`) as HTMLButtonElement;
const menu = (): HTMLElement | null => root.querySelector("[role=menu]");
const items = (): HTMLElement[] => [...root.querySelectorAll<HTMLElement>("[role^=menuitem]")];
const names = (): (string | null)[] => items().map(({ textContent }) => textContent);
const groups = (): (string | null)[] =>
  [...root.querySelectorAll("[role=group]")].map((each) => each.getAttribute("aria-label"));
const checked = (): (string | null)[] =>
  items()
    .filter((each) => each.getAttribute("aria-checked") === "true")
    .map(({ textContent }) => textContent);

async function open(label = SOUND): Promise<void> {
  await page.show(<Stage session={call.session} people={[]} />);
  opener(label).click();
  await effectsRun();
}

async function key(name: string): Promise<KeyboardEvent> {
  const event = new KeyboardEvent("keydown", { key: name, bubbles: true, cancelable: true });
  document.activeElement?.dispatchEvent(event);
  await effectsRun();
  return event;
}

describe("the menu", () => {
  it("names the devices by kind, with the ones in use marked", async () => {
    await open();
    expect([menu()?.getAttribute("aria-label"), groups()]).toEqual([SOUND, ["Microphone", "Speaker"]]);
    expect(names()).toEqual(["The browser's choice", "Desk", "Headset", "The browser's choice", "Boxes"]);
    expect(checked()).toEqual(["The browser's choice", "The browser's choice"]);
    call.media.devices.choose("audio", "h");
    call.media.devices.choose("speaker", "b");
    await effectsRun();
    expect(checked()).toEqual(["Headset", "Boxes"]);
  });

  it("says which one the browser's choice is while it is open", async () => {
    const track = {
      ...fakeTrack("v"),
      label: "Camera of the screen",
      getSettings: () => ({ deviceId: "v" }),
    };
    call.media.tracks.video.value = track as unknown as MediaStreamTrack;
    await open("Choose camera");
    expect(names()[0]).toBe("The browser's choice (Camera of the screen)");
    expect(groups()).toEqual(["Camera"]);
  });

  it("takes another one at a press, and stays open", async () => {
    await open();
    items()[2]?.click();
    items()[4]?.click();
    await effectsRun();
    expect(call.asked).toEqual([
      ["choose", "audio", "h"],
      ["choose", "speaker", "b"],
    ]);
    expect(menu()).not.toBeNull();
  });

  it("has what is plugged in meanwhile", async () => {
    await open("Choose camera");
    page.devices.become(...page.devices.list, device("videoinput", "w", "Desk camera"));
    await effectsRun();
    expect(names()).toContain("Desk camera");
  });
});

describe("speakers", () => {
  it("are not offered where the browser cannot choose one", async () => {
    Reflect.deleteProperty(HTMLMediaElement.prototype, "setSinkId");
    await open();
    expect(groups()).toEqual(["Microphone"]);
  });

  it("come from the browser's own list where it has one", async () => {
    const boxes = device("audiooutput", "n", "New boxes");
    Object.assign(page.devices, { selectAudioOutput: async () => boxes });
    await open();
    items().at(-1)?.click();
    await effectsRun();
    expect([names().at(-1), call.asked]).toEqual(["Another speaker…", [["choose", "speaker", "n"]]]);
  });

  it("nobody chose after all change nothing", async () => {
    Object.assign(page.devices, { selectAudioOutput: () => Promise.reject(new Error("NotAllowedError")) });
    await open();
    items().at(-1)?.click();
    await effectsRun();
    expect(call.asked).toEqual([]);
  });
});

describe("by keys", () => {
  it("it begins at what is in use, and goes round", async () => {
    call.media.devices.choose("audio", "d");
    await open();
    expect(document.activeElement?.textContent).toBe("Desk");
    for (const [name, to] of [
      ["ArrowDown", "Headset"],
      ["End", "Boxes"],
      ["ArrowDown", "The browser's choice"],
      ["ArrowUp", "Boxes"],
      ["Home", "The browser's choice"],
    ] as const) {
      expect((await key(name)).defaultPrevented).toBe(true);
      expect(document.activeElement?.textContent).toBe(to);
    }
    expect(call.asked).toEqual([]); // nothing is opened on the way
  });

  it("Escape closes it and no more, and the focus is back at its button", async () => {
    await open();
    expect(opener(SOUND).getAttribute("aria-expanded")).toBe("true");
    const heard = vi.fn();
    root.addEventListener("keydown", heard);
    await key("Escape");
    expect([menu(), heard.mock.calls.length]).toEqual([null, 0]);
    expect(document.activeElement).toBe(opener(SOUND));
    expect(opener(SOUND).getAttribute("aria-expanded")).toBe("false");
  });

  it("it closes when one goes on, or presses elsewhere", async () => {
    await open();
    root.querySelector<HTMLElement>(".leave")?.focus();
    await effectsRun();
    expect(menu()).toBeNull();
    opener(SOUND).click();
    await effectsRun();
    document.body.dispatchEvent(new Event("pointerdown", { bubbles: true, composed: true }));
    await effectsRun();
    expect(menu()).toBeNull();
  });
});

it("what a narrow chat has no room for is in a menu, by name", async () => {
  call.keep = async () => {};
  await open("More");
  expect(names()).toEqual(["Share this notebook", "Speaker view"]);
  items()[0]?.click();
  await effectsRun();
  expect([call.asked, menu()]).toEqual([[["share", "page"]], null]);
});
