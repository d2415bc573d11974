import { expect, it } from "vitest";
import { createLiveTexts } from "../../src/drawing/live-texts";

it("shows the text of each stream, whatever its id is, and forgets one that ended", () => {
  const live = createLiveTexts();
  expect(live.of("constructor").value).toBe("");
  live.advance({}, 16, true);
  expect(live.of("toString").value, "no such stream").toBe("");
  const streams = JSON.parse(
    '{"__proto__": {"text": "one", "metrics": null}, "constructor": {"text": "two", "metrics": null}}',
  );
  live.advance(streams, 16, true);
  expect([live.of("__proto__").value, live.of("constructor").value]).toEqual(["one", "two"]);
  live.advance({}, 16, true);
  expect([live.of("__proto__").value, live.of("constructor").value]).toEqual(["", ""]);
});
