import { expect, it } from "vitest";
import { createPicture } from "../../src/drawing/picture";
import { EMPTY, type ViewState } from "../../src/state/state";
import { answer, chatState } from "../support/chat";
import { FakeClock } from "../support/fake-clock";

function streaming(text: string): ViewState {
  const message = answer(1, "", { status: "streaming" });
  const streams = { a1: { text, metrics: null } };
  return { ...EMPTY, n: 1, needsHello: false, chat: chatState({ messages: [message], streams }) };
}

it("is drawn once a frame, and by nobody without a view", async () => {
  const clock = new FakeClock();
  const picture = createPicture(clock);
  picture.show(streaming("one"), true);
  await clock.paint();
  expect(picture.chat.value).toBeNull();
  const view = picture.attach();
  picture.show(streaming("two"), false);
  await clock.paint();
  expect(picture.chat.value?.streams.a1?.text).toBe("two");
  view.end();
  picture.show(streaming("three"), false);
  expect(clock.pending).toBe(0);
});

it("shows history at once and what comes live piece by piece", async () => {
  const clock = new FakeClock();
  const picture = createPicture(clock);
  picture.attach();
  const long = "word ".repeat(200);
  picture.show(streaming(long), true);
  await clock.paint();
  expect(picture.liveText("a1").value).toBe(long);
  picture.show(streaming(long + long), false);
  await clock.paint();
  const shown = picture.liveText("a1").value.length;
  expect(shown).toBeGreaterThan(long.length);
  expect(shown).toBeLessThan(2 * long.length);
  picture.end();
  expect(clock.pending).toBe(0);
});
