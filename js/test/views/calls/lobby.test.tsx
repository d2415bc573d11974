// @vitest-environment happy-dom
// Before one joins a call: who is there, and how one is going to be heard and seen.
import { render } from "preact";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { calls } from "../../../src/texts/en/calls";
import { Lobby } from "../../../src/views/calls/lobby";
import { CallPage, device } from "../../support/call-page";
import { effectsRun } from "../../support/effects";
import { FakeCall, fakeTrack, peer } from "../../support/fake-call";

let call: FakeCall;
let page: CallPage;
let root: HTMLElement;
beforeEach(() => {
  page = new CallPage();
  root = page.root;
  call = new FakeCall();
  call.phase.value = "out";
});
afterEach(() => page.close());

const show = (): Promise<void> => page.show(<Lobby session={call.session} people={[]} />);

const join = (): HTMLButtonElement => root.querySelector("button[data-first]") as HTMLButtonElement;
const [MICROPHONE, CAMERA] = [0, 1];
const box = (at: number): HTMLInputElement =>
  root.querySelectorAll<HTMLInputElement>("input[type=checkbox]")[at] as HTMLInputElement;

async function tick(at: number): Promise<void> {
  box(at).click();
  await effectsRun();
}

describe("the button", () => {
  it.each([
    ["out", [], "Start a call", false],
    ["out", [peer("p", "Bo")], "Join the call", false],
    ["joining", [peer("p", "Bo")], "Joining…", true],
  ] as const)("says what it does: %s, %j", async (phase, peers, label, disabled) => {
    call.phase.value = phase;
    call.peers.value = peers;
    await show();
    expect([join().textContent, join().disabled]).toEqual([label, disabled]);
  });

  it("joins with what is ticked: at first the microphone alone", async () => {
    await show();
    expect(call.asked).toEqual([]);
    join().click();
    await tick(CAMERA);
    await tick(MICROPHONE);
    join().click();
    expect(call.asked).toEqual([
      ["join", { audio: true, video: false }],
      ["stop", "audio"],
      ["join", { audio: false, video: true }],
    ]);
  });

  it("joins to listen where the page may use no microphone", async () => {
    page.mayCapture(false);
    await show();
    expect(root.querySelectorAll("input")).toHaveLength(0);
    join().click();
    expect(call.asked).toEqual([["join", { audio: false, video: false }]]);
  });
});

it("says who is in the call, each by name", async () => {
  await show();
  expect(root.querySelector(".intro")?.textContent).toBe("Nobody is in the call.");
  call.peers.value = [peer("p", "Bo"), peer("q", "ليلى")];
  await effectsRun();
  const list = root.querySelector(".in-call");
  expect(list?.getAttribute("aria-label")).toBe("In the call");
  expect([...(list?.querySelectorAll("bdi") ?? [])].map((each) => each.textContent)).toEqual([
    "Bo",
    "\u2068ليلى\u2069",
  ]);
});

it.each([
  ["a device's trouble", "busy", "thrown out", "busy"],
  ["why one is out of the call", null, "thrown out", "thrown out"],
])("says %s aloud", async (_, problem, notice, words) => {
  call.media.problem.value = problem;
  call.notice.value = notice;
  await show();
  expect(root.querySelector("[role=alert]")?.textContent).toBe(words);
});

describe("a device", () => {
  it("is opened by a click and never else; what it hears is shown then", async () => {
    await show();
    root.querySelector<HTMLButtonElement>(".device button.plain")?.click();
    expect(call.asked).toEqual([["open", "audio"]]);
    await tick(CAMERA);
    call.media.tracks.video.value = fakeTrack("v");
    await effectsRun();
    expect(root.querySelector("video.mirrored")?.getAttribute("aria-label")).toBe("Camera");
  });

  it("can be chosen among those that have names", async () => {
    page.devices.list = [
      device("audioinput", "a", "Desk\u202e"),
      device("audioinput", "", "Not allowed yet"),
      device("audioinput", "b", ""),
      device("videoinput", "v", "Camera"),
      device("audiooutput", "o", "Loudspeaker"),
    ];
    await call.media.devices.look();
    await show();
    const [select] = root.querySelectorAll("select");
    const options = [...(select?.options ?? [])].map(({ value, textContent }) => [value, textContent]);
    expect(options).toEqual([
      ["", "The browser's choice"],
      ["a", "Desk"],
    ]);
    const name = root.querySelector(`label[for="${select?.id}"]`)?.textContent;
    expect(name).toBe("Microphone");
    if (select) select.value = "a";
    select?.dispatchEvent(new Event("change", { bubbles: true }));
    expect(call.asked).toEqual([["choose", "audio", "a"]]);
  });

  it("hears and sees nobody who goes without joining", async () => {
    await show();
    render(null, root);
    await effectsRun();
    expect(call.asked).toEqual([
      ["stop", "audio"],
      ["stop", "video"],
    ]);
  });

  it("stays open for the call that one joins", async () => {
    await show();
    call.phase.value = "in";
    render(null, root);
    await effectsRun();
    expect(call.asked).toEqual([]);
  });
});

describe("where the page may use no microphone", () => {
  let visited: string[];
  beforeEach(() => {
    page.mayCapture(false);
    visited = [];
    vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(function (this: HTMLAnchorElement) {
      visited.push(`${this.href} ${this.target} ${this.rel}`);
    });
  });
  const open = async (): Promise<void> => {
    root.querySelector<HTMLButtonElement>(".elsewhere button")?.click();
    await effectsRun();
  };

  it.each([
    [true, calls["call.forbidden"]],
    [false, calls["call.forbidden"] + calls["call.insecure"]],
  ])("that is all that is said where the hub has no page either; with TLS: %s", async (secure, words) => {
    vi.stubGlobal("isSecureContext", secure);
    await show();
    expect(root.querySelector(".elsewhere")?.textContent).toBe(words);
  });

  it("the hub's own page opens, and its link stands there as long as it is good", async () => {
    call.page = async () => ({ url: "about:blank#ticket", expiresIn: 0.02 });
    await show();
    const timers = vi.spyOn(globalThis, "setTimeout");
    await open();
    expect(visited).toEqual(["about:blank#ticket _blank noopener noreferrer"]);
    expect(document.querySelectorAll("body > a")).toHaveLength(0);
    expect(timers.mock.calls.some(([, ms]) => ms === 0)).toBe(true);
    await vi.waitFor(async () => {
      await effectsRun();
      expect(root.querySelector(".elsewhere a")).toBeNull();
    });
  });

  it("the link is used up by a click", async () => {
    call.page = async () => ({ url: "about:blank#ticket", expiresIn: 60 });
    await show();
    await open();
    const link = root.querySelector<HTMLAnchorElement>(".elsewhere a");
    link?.removeAttribute("href"); // this window goes nowhere
    expect(link?.textContent).toBe("No tab has opened? This link is good once, for 60 seconds.");
    link?.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true }));
    await effectsRun();
    expect(root.querySelector(".elsewhere a")).toBeNull();
  });

  it("says why the page cannot be had, and no more once it can", async () => {
    call.page = vi
      .fn()
      .mockRejectedValueOnce(new Error("The hub is away."))
      .mockResolvedValue({ url: "about:blank", expiresIn: 60 });
    await show();
    await open();
    expect(root.querySelector(".elsewhere [role=alert]")?.textContent).toBe("The hub is away.");
    await open();
    expect(root.querySelector(".elsewhere [role=alert]")).toBeNull();
    expect(root.querySelector(".elsewhere a")).not.toBeNull();
  });
});
