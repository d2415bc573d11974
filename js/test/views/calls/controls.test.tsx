// @vitest-environment happy-dom
// What one does in a call: the controls, and a screen that is shared.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { calls } from "../../../src/texts/en/calls";
import { Stage } from "../../../src/views/calls/stage";
import { CallPage } from "../../support/call-page";
import { effectsRun } from "../../support/effects";
import { FakeCall, fakeTrack, peer, remote } from "../../support/fake-call";

let call: FakeCall;
let page: CallPage;
let root: HTMLElement;
beforeEach(() => {
  page = new CallPage();
  root = page.root;
  call = new FakeCall();
});
afterEach(() => page.close());

const show = (): Promise<void> => page.show(<Stage session={call.session} people={[]} />);

const button = (label: string): HTMLButtonElement | null =>
  root.querySelector<HTMLButtonElement>(`button[aria-label="${label}"]`);

async function press(label: string): Promise<void> {
  const found = button(label);
  if (!found) throw new Error(`no button "${label}"`);
  found.click();
  await effectsRun();
}

describe("the controls", () => {
  it.each([
    ["Unmute", () => {}, ["mute", false]],
    ["Mute", () => (call.heard.value = true), ["mute", true]],
    ["Camera on", () => {}, ["camera", true]],
    ["Camera off", () => (call.media.tracks.video.value = fakeTrack("v")), ["camera", false]],
    ["Share a screen", () => {}, ["share", "choose"]],
    ["Share this notebook", () => (call.keep = async () => {}), ["share", "page"]],
    ["Stop sharing", () => (call.media.tracks.screen.value = fakeTrack("s")), ["stopSharing"]],
    ["Leave", () => {}, ["leave"]],
  ] as [string, () => unknown, unknown[]][])("%s does so", async (label, given, asked) => {
    given();
    await show();
    await press(label);
    expect(call.asked.map((each) => each.slice(0, asked.length))).toEqual([asked]);
  });

  it("offer a page to share only where there is a notebook around", async () => {
    await show();
    expect(button("Share this notebook")).toBeNull();
  });

  it("offer nothing to be sent where the page may use no microphone", async () => {
    Object.defineProperty(navigator, "mediaDevices", { value: undefined, configurable: true });
    await show();
    for (const label of ["Unmute", "Camera on", "Share a screen"]) expect(button(label)).toBeNull();
    expect(button("Leave")).not.toBeNull();
  });

  it("show that something is being taken, to the ear as well", async () => {
    call.media.live.value = true;
    await show();
    const sign = root.querySelector(".on-air");
    expect([sign?.getAttribute("role"), Boolean(sign?.getAttribute("aria-label"))]).toEqual(["img", true]);
    call.media.live.value = false;
    await effectsRun();
    expect(root.querySelector(".on-air")).toBeNull();
  });

  it("make the stage wider and narrower", async () => {
    await show();
    await press("Wider");
    expect(root.querySelector(".stage.wide")).not.toBeNull();
    expect(button("Narrower")?.getAttribute("aria-pressed")).toBe("true");
    await press("Narrower");
    expect(root.querySelector(".stage.wide")).toBeNull();
  });
});

describe("whose screen is shown", () => {
  const sharing = (peerId: string, track: MediaStreamTrack | null): void => {
    call.peers.value = [...call.peers.value, peer(peerId, peerId, { screen: true })];
    call.remotes.value = new Map([
      ...call.remotes.value,
      [peerId, remote(peerId, { tracks: { screen: track } })],
    ]);
  };
  const label = (): string | null => root.querySelector(".screen video")?.getAttribute("aria-label") ?? null;

  it("one's own comes before another's", async () => {
    sharing("Bo", fakeTrack("s"));
    await show();
    expect(label()).toBe("Screen of Bo");
    call.media.tracks.screen.value = fakeTrack("own");
    await effectsRun();
    expect(label()).toBe("Your screen");
  });

  it("one that has not come yet is not shown", async () => {
    sharing("Bo", null);
    await show();
    expect(root.querySelector(".screen")).toBeNull();
  });
});

describe("a shared screen", () => {
  beforeEach(async () => {
    call.peers.value = [peer("me", "Ada"), peer("p", "Bo", { screen: true })];
    call.remotes.value = new Map([["p", remote("p", { tracks: { screen: fakeTrack("s") } })]]);
    call.keep = async (file) => void call.asked.push(["keep", file]);
    await show();
    vi.spyOn(HTMLElement.prototype, "getBoundingClientRect").mockReturnValue(new DOMRect(100, 100, 200, 100));
  });

  const frame = (): HTMLElement => root.querySelector(".screen-frame") as HTMLElement;
  const zoom = (): number => Number(root.querySelector<HTMLElement>(".screen")?.dataset.zoom);
  const shift = (): number[] =>
    (root.querySelector<HTMLElement>(".screen-moved")?.style.transform.match(/-?[\d.]+(?=%)/g) ?? []).map(
      Number,
    );
  const pointer = async (name: string, clientX = 0, clientY = 0): Promise<void> => {
    frame().dispatchEvent(new MouseEvent(name, { clientX, clientY, bubbles: true }));
    await effectsRun();
  };
  const pointed = (): unknown[] => call.asked.filter(([what]) => what === "point").map(([, at]) => at);

  it("is zoomed by its buttons, no further than makes sense", async () => {
    expect(button("Whole screen")).toBeNull();
    for (let time = 0; time < 9; time += 1) await press("Zoom in");
    expect(zoom()).toBe(6);
    for (let time = 0; time < 9; time += 1) await press("Zoom out");
    expect(zoom()).toBe(1);
  });

  it("is zoomed by the wheel, which moves no page", async () => {
    const wheel = new WheelEvent("wheel", { deltaY: -1, bubbles: true, cancelable: true });
    frame().dispatchEvent(wheel);
    await effectsRun();
    expect([wheel.defaultPrevented, zoom()]).toEqual([true, 1.4]);
  });

  it("is moved while it is zoomed, and never out of its frame", async () => {
    await press("Zoom in");
    HTMLElement.prototype.setPointerCapture = () => {};
    await pointer("pointerdown", 150, 150);
    await pointer("pointermove", 160, 150);
    expect(shift()[0]).toBeCloseTo(5);
    await pointer("pointermove", 9_999, -9_999);
    expect(shift().map(Math.round)).toEqual([20, -20]);
    await pointer("pointerup");
    await press("Zoom out");
    expect(shift().map(Math.abs)).toEqual([0, 0]);
  });

  it.each(["pointerup", "pointercancel"])("moves no more after %s", async (name) => {
    await press("Zoom in");
    HTMLElement.prototype.setPointerCapture = () => {};
    await pointer("pointerdown", 150, 150);
    await pointer(name, 150, 150);
    await pointer("pointermove", 170, 150);
    expect(shift().map(Math.abs)).toEqual([0, 0]);
    expect(pointed()).toEqual([{ x: 0.35, y: 0.5 }]);
  });

  it("is pointed at where the pointer is, and no more once it has left", async () => {
    await pointer("pointermove", 200, 150);
    await pointer("pointermove", 99, 150);
    await pointer("pointermove", 300, 200);
    await pointer("pointerleave");
    expect(pointed().slice(0, 3)).toEqual([{ x: 0.5, y: 0.5 }, null, { x: 1, y: 1 }]);
  });

  it("shows where the others point, by name, and nobody who is not in the call", async () => {
    call.points.value = new Map([
      ["p", { x: 0.25, y: 0.75 }],
      ["gone", { x: 0.5, y: 0.5 }],
    ]);
    await effectsRun();
    const [only, ...more] = root.querySelectorAll<HTMLElement>(".pointer");
    expect([only?.textContent, only?.style.left, only?.style.top, more.length]).toEqual([
      "Bo",
      "25%",
      "75%",
      0,
    ]);
  });

  it.each([
    ["is in the next message, under a name and of the size it had", new Blob(["png"], { type: "image/png" })],
    ["may have nothing in it yet", null],
  ])("a still of it %s", async (_, blob) => {
    const canvases: HTMLCanvasElement[] = [];
    vi.spyOn(HTMLCanvasElement.prototype, "toBlob").mockImplementation(function (
      this: HTMLCanvasElement,
      done,
    ) {
      canvases.push(this);
      done(blob);
    });
    Object.assign(root.querySelector("video") as object, { videoWidth: 640, videoHeight: 360 });
    await press("Take a still into the chat");
    const said = root.querySelector(".screen-tools [role=status]")?.textContent;
    expect(said).toBe(blob ? calls["call.stillTaken"] : calls["call.stillFailed"]);
    const [kept] = call.asked.map(([, file]) => file as File);
    expect(kept?.name ?? "screen-2026-01-01-000000.png").toMatch(/^screen-[\d-]{17}\.png$/);
    expect([Boolean(kept), canvases[0]?.width, canvases[0]?.height]).toEqual([blob !== null, 640, 360]);
  });
});
