// @vitest-environment happy-dom
import { render } from "preact";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { voice } from "../../../src/texts/en/voice";
import { addTexts } from "../../../src/texts/texts";
import { Player } from "../../../src/views/voice/player";
import { settled } from "../../support/fake-clock";

addTexts(voice);

/** How long the recording is, in seconds; null: it cannot be decoded. */
let length: number | null;
let decodings: number;
let root: HTMLElement;
const { play } = HTMLMediaElement.prototype;

beforeEach(() => {
  length = 60;
  decodings = 0;
  vi.stubGlobal(
    "OfflineAudioContext",
    class {
      async decodeAudioData(): Promise<object> {
        decodings += 1;
        if (length === null) throw new DOMException("no", "EncodingError");
        return { duration: length, getChannelData: () => new Float32Array(480) };
      }
    },
  );
  HTMLMediaElement.prototype.play = async () => {};
  root = document.createElement("div");
  document.body.append(root);
});
afterEach(() => {
  render(null, root);
  root.remove();
  HTMLMediaElement.prototype.play = play;
  vi.unstubAllGlobals();
});

async function shown(seconds: number | null): Promise<HTMLInputElement> {
  length = seconds;
  render(<Player blob={new Blob(["x"])} url="blob:x" />, root);
  const range = root.querySelector("input") as HTMLInputElement;
  await vi.waitFor(() => expect(decodings).toBe(1));
  if (seconds !== null) await vi.waitFor(() => expect(range.max).toBe(String(seconds)));
  await settled();
  return range;
}

function time(): number {
  return (root.querySelector("audio") as HTMLAudioElement).currentTime;
}

it.each([
  [60, ["ArrowRight", "ArrowRight", "ArrowLeft"], 5],
  [60, ["ArrowRight", "ArrowUp", "ArrowDown"], 5],
  [10, ["ArrowRight", "ArrowRight"], 2],
  [60, ["ArrowLeft"], 0],
  [10, Array(12).fill("ArrowRight"), 10],
])("of %s seconds, the keys %j lead to %s", async (seconds, keys, at) => {
  const range = await shown(seconds);
  for (const key of keys) {
    range.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
    await settled();
  }
  expect(time()).toBeCloseTo(at);
});

it("a recording without a picture is played all the same", async () => {
  await shown(null);
  expect(root.querySelector(".wrong")).toBe(null);
  root.querySelector("audio")?.dispatchEvent(new Event("error"));
  await settled();
  expect(root.querySelector(".wrong")?.textContent).toBe(voice["voice.unplayable"]);
});
