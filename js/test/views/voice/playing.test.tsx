// @vitest-environment happy-dom
// A voice message of somebody's, played in its place.
import { render } from "preact";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { voice } from "../../../src/texts/en/voice";
import { addTexts } from "../../../src/texts/texts";
import { Player } from "../../../src/views/voice/player";
import { effectsRun } from "../../support/effects";

addTexts(voice);

let root: HTMLElement;
let decode: () => Promise<{ duration: number; getChannelData(): Float32Array }>;
beforeEach(() => {
  root = document.createElement("div");
  document.body.append(root);
  decode = async () => ({ duration: 65.2, getChannelData: () => new Float32Array(480).fill(0.5) });
  vi.stubGlobal(
    "OfflineAudioContext",
    class {
      decodeAudioData = () => decode();
    },
  );
  vi.spyOn(HTMLMediaElement.prototype, "play").mockImplementation(async function (this: HTMLMediaElement) {
    becomes(this, false);
  });
  vi.spyOn(HTMLMediaElement.prototype, "pause").mockImplementation(function (this: HTMLMediaElement) {
    becomes(this, true);
  });
});
afterEach(() => {
  render(null, root);
  root.remove();
  vi.unstubAllGlobals();
});

function becomes(audio: HTMLMediaElement, paused: boolean): void {
  Object.defineProperty(audio, "paused", { value: paused, configurable: true });
  audio.dispatchEvent(new Event(paused ? "pause" : "play"));
}

async function show(): Promise<void> {
  render(<Player blob={new Blob(["voice"])} url="blob:voice" />, root);
  await effectsRun();
  await vi.waitFor(() => expect(root.querySelector(".player, .wrong")).not.toBeNull());
  await effectsRun();
}

const audio = (): HTMLAudioElement => root.querySelector("audio") as HTMLAudioElement;
const button = (): HTMLButtonElement => root.querySelector("button") as HTMLButtonElement;
const slider = (): HTMLInputElement => root.querySelector("input") as HTMLInputElement;
const time = (): string => root.querySelector(".time")?.textContent ?? "";

async function reaches(seconds: number): Promise<void> {
  Object.defineProperty(audio(), "currentTime", { value: seconds, configurable: true, writable: true });
  audio().dispatchEvent(new Event("timeupdate"));
  await effectsRun();
}

it("plays from the moment it is shown; its button pauses it and goes on", async () => {
  await show();
  expect(button().getAttribute("aria-label")).toBe("Pause");
  button().click();
  await effectsRun();
  expect(button().getAttribute("aria-label")).toBe("Play");
  button().click();
  await effectsRun();
  expect(button().getAttribute("aria-label")).toBe("Pause");
});

it("waits for its button where the browser plays nothing unasked", async () => {
  vi.mocked(HTMLMediaElement.prototype.play).mockRejectedValueOnce(new Error("NotAllowed"));
  await show();
  expect([button().getAttribute("aria-label"), time()]).toEqual(["Play", "1:05"]);
});

describe("its time", () => {
  beforeEach(show);

  it("is how far it is, also for those who do not see the bars", async () => {
    await reaches(32.6);
    expect([time(), slider().getAttribute("aria-valuetext")]).toEqual(["0:32", "0:32"]);
    expect([slider().getAttribute("aria-label"), slider().max]).toEqual(["Position", "65.2"]);
    expect(root.querySelectorAll("rect")).toHaveLength(48);
    expect(root.querySelectorAll("rect.played")).toHaveLength(24);
  });

  it("goes where it is moved to", async () => {
    slider().value = "10";
    slider().dispatchEvent(new Event("input", { bubbles: true }));
    expect(audio().currentTime).toBe(10);
  });

  it("begins again at its end", async () => {
    await reaches(65.2);
    audio().dispatchEvent(new Event("ended"));
    becomes(audio(), true);
    await effectsRun();
    expect([time(), slider().value, root.querySelectorAll("rect.played").length]).toEqual(["1:05", "0", 0]);
  });

  it("may be beyond what was decoded", async () => {
    await reaches(70);
    expect([time(), slider().max]).toEqual(["1:10", "70"]);
  });
});

it.each([
  ["silence", 0, new Float32Array(480)],
  ["nothing at all", 0, new Float32Array()],
])("of %s has bars that lie low, and no time", async (_, duration, samples) => {
  decode = async () => ({ duration, getChannelData: () => samples });
  vi.mocked(HTMLMediaElement.prototype.play).mockRejectedValue(new Error("NotAllowed"));
  await show();
  const heights = new Set([...root.querySelectorAll("rect")].map((bar) => bar.getAttribute("height")));
  expect([[...heights], time()]).toEqual([["2"], "0:00"]);
});

it("that cannot be played says so, aloud", async () => {
  await show();
  audio().dispatchEvent(new Event("error"));
  await effectsRun();
  expect(root.querySelector("[role=alert]")?.textContent).toBe(voice["voice.unplayable"]);
  expect(root.querySelector("audio")).toBeNull();
});
