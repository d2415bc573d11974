// @vitest-environment happy-dom
import { signal } from "@preact/signals";
import { render } from "preact";
import { afterEach, expect, it, vi } from "vitest";
import type { Store } from "../../../src/store/store";
import { voice } from "../../../src/texts/en/voice";
import { addTexts } from "../../../src/texts/texts";
import { VoicePanel } from "../../../src/views/voice/voice-panel";
import { ENDING_MS, MOST_MS, type RecorderState } from "../../../src/voice/recorder";
import { settled } from "../../support/fake-clock";

addTexts(voice);

const state = signal<RecorderState>("open");
const milliseconds = signal(0);
vi.mock("../../../src/voice/recorder", async (original) => ({
  ...(await original<object>()),
  recorderOf: () => ({
    ...{ state, milliseconds, levels: signal([]), problem: signal(null) },
    ...{ release() {}, cancel() {}, attach: () => () => {} },
  }),
}));

const root = document.createElement("div");
afterEach(() => render(null, root));

it("says how it ends, and half a minute before it ends by itself says that", async () => {
  render(<VoicePanel store={{} as Store} />, root);
  const hint = (): string | undefined => root.querySelector("[role=status]")?.textContent;
  expect(hint()).toBe(voice["voice.open"]);
  milliseconds.value = MOST_MS - ENDING_MS;
  await settled();
  expect(hint()).toBe("It ends by itself at 5:00, and is sent.");
});
