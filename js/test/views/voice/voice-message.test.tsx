// @vitest-environment happy-dom
// A voice message as somebody records it: by pointer and by key, seen and told, sent or forgotten.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FakeMicrophone } from "../../support/fake-microphone";
import { KernelFiles, shown } from "../../support/kernel-files";
import { press, View } from "../../support/view";

let microphone: FakeMicrophone;
let view: View;
let kernel: KernelFiles;
beforeEach(async () => {
  microphone = new FakeMicrophone();
  view = new View();
  kernel = new KernelFiles(view);
  await view.live();
});
afterEach(() => {
  view.close();
  FakeMicrophone.end();
});

const button = (): HTMLButtonElement =>
  view.find<HTMLButtonElement>('button[aria-label="Record a voice message"]');
const panel = (): HTMLElement | null => view.root.querySelector<HTMLElement>(".voice");
const hint = (): string => view.text(".voice [role=status]");

function pointer(name: string, target: EventTarget = button(), mouseButton = 0): void {
  target.dispatchEvent(
    Object.assign(new Event(name, { bubbles: true, composed: true }), { button: mouseButton }),
  );
}

async function hold(): Promise<void> {
  pointer("pointerdown");
  await shown(view, () => expect(microphone.asking).toBe(1));
  microphone.allow();
  await shown(view, () => expect(panel()?.dataset.state).toBe("held"));
}

const isForgotten = async (): Promise<void> => {
  await shown(view, () => expect(panel()).toBeNull());
  expect([microphone.isOpen, kernel.asked.length, view.host.all("send").length]).toEqual([false, 0, 0]);
};

const isSent = async (): Promise<void> => {
  await shown(view, () => expect(view.host.all("send")).toHaveLength(1));
  expect([...kernel.arrived.values()][0]?.name).toMatch(/^voice-[\d-]+\.webm$/);
  expect([microphone.isOpen, view.host.all("send")[0]?.files]).toEqual([false, ["up/0"]]);
};

describe("the button", () => {
  it("is not there where the page may use no microphone", async () => {
    view.close();
    FakeMicrophone.end();
    view = new View();
    await view.live();
    expect(view.root.querySelector('[aria-label="Record a voice message"]')).toBeNull();
  });

  it("is off where nothing may be written, and says why", async () => {
    await view.live({ readOnly: "This access may read and not write." });
    expect([button().disabled, button().title]).toEqual([true, "This access may read and not write."]);
  });

  it.each([1, 2])("asks for no microphone by the mouse's button %d", async (mouseButton) => {
    pointer("pointerdown", button(), mouseButton);
    await view.painted();
    expect([microphone.asking, panel()]).toEqual([0, null]);
  });

  it("says what the browser asks, that the microphone is on, and what ends it", async () => {
    pointer("pointerdown");
    await shown(view, () => expect(hint()).toBe("The browser asks whether it may use the microphone."));
    microphone.allow();
    await shown(view, () => expect(hint()).toBe("Let go to send it. Escape forgets it."));
    expect([button().getAttribute("aria-pressed"), button().classList.contains("recording")]).toEqual([
      ...["true", true],
    ]);
    expect(panel()?.querySelector(".on-air")?.getAttribute("aria-label")).toBe("Your microphone is on");
    await view.pass(61_000);
    expect(panel()?.querySelector(".time")?.textContent).toBe("1:01");
  });

  it("says why the microphone cannot be had, aloud, until it is tried again", async () => {
    pointer("pointerdown");
    await shown(view, () => expect(microphone.asking).toBe(1));
    microphone.refuse("NotAllowedError");
    await shown(view, () => expect(view.text(".voice-note[role=alert]")).toContain("microphone"));
    expect(button().getAttribute("aria-pressed")).toBe("false");
    pointer("pointerup");
    await hold();
    expect(view.root.querySelector(".voice-note")).toBeNull();
  });
});

describe("held by the pointer", () => {
  it.each([
    ["over the button", () => pointer("pointerup")],
    ["anywhere else", () => pointer("pointerup", document.body)],
  ])("and let go %s it is sent by itself", async (_, letGo) => {
    await hold();
    await view.pass(2_000);
    letGo();
    await isSent();
  });

  it.each(["pointercancel", "blur"])("it ends as well with %s, and is sent", async (name) => {
    await hold();
    await view.pass(2_000);
    globalThis.dispatchEvent(new Event(name));
    await isSent();
  });

  it("for a moment it goes on until the next press", async () => {
    await hold();
    pointer("pointerup");
    await shown(view, () => expect(panel()?.dataset.state).toBe("open"));
    expect(hint()).toBe("Press the microphone to send it. Escape forgets it.");
    await view.pass(2_000);
    pointer("pointerdown");
    pointer("pointerup");
    await isSent();
  });

  it("with something already written it goes with that, at the next Enter", async () => {
    view.type("As I said:");
    await hold();
    await view.pass(2_000);
    pointer("pointerup");
    await shown(view, () => expect(view.root.querySelector('.upload[data-state="done"]')).not.toBeNull());
    expect(view.host.all("send")).toEqual([]);
    press(view.find("textarea"), "Enter");
    expect(view.host.all("send").map(({ text, files }) => [text, files])).toEqual([["As I said:", ["up/0"]]]);
  });
});

describe("held by a key", () => {
  it.each([" ", "Enter"])("%j it is recorded as long, whatever the keyboard repeats", async (key) => {
    expect(press(button(), key).defaultPrevented).toBe(true);
    await shown(view, () => expect(microphone.asking).toBe(1));
    for (let time = 0; time < 3; time += 1) press(button(), key, { repeat: true });
    microphone.allow();
    await shown(view, () => expect(panel()?.dataset.state).toBe("held"));
    await view.pass(2_000);
    button().dispatchEvent(new KeyboardEvent("keyup", { key, bubbles: true, composed: true }));
    await isSent();
    expect(microphone.tracks).toHaveLength(1);
  });

  it("other keys do nothing", async () => {
    expect(press(button(), "a").defaultPrevented).toBe(false);
    await view.painted();
    expect(microphone.asking).toBe(0);
  });
});

describe("it is forgotten", () => {
  it("with Escape, which stops nothing else", async () => {
    await hold();
    await view.pass(2_000);
    const event = press(document.body, "Escape");
    await isForgotten();
    expect(event.defaultPrevented).toBe(true);
  });

  it("with its button", async () => {
    await hold();
    await view.pass(2_000);
    panel()?.querySelector<HTMLButtonElement>("button")?.click();
    await isForgotten();
  });

  it("where it was given up before the browser allowed it", async () => {
    pointer("pointerdown");
    await shown(view, () => expect(panel()?.dataset.state).toBe("asking"));
    press(document.body, "Escape");
    microphone.allow();
    await isForgotten();
  });

  it("with the view, which leaves no key behind", async () => {
    await hold();
    await view.pass(2_000);
    view.close();
    await view.painted();
    expect(microphone.isOpen).toBe(false);
    expect(press(document.body, "Escape").defaultPrevented).toBe(false);
  });
});

it("Escape is the page's again once nothing is recorded", async () => {
  await hold();
  press(document.body, "Escape");
  await isForgotten();
  expect(press(document.body, "Escape").defaultPrevented).toBe(false);
});
