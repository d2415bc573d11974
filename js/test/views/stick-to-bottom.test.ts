// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, it } from "vitest";
import { type StickToBottom, stickToBottom } from "../../src/views/stick-to-bottom";

let scroller: HTMLElement;
let life: AbortController;
let stick: StickToBottom;

beforeEach(() => {
  scroller = document.createElement("div");
  Object.defineProperties(scroller, {
    scrollHeight: { value: 1_000, writable: true },
    clientHeight: { value: 200, writable: true },
    scrollTop: { value: 800, writable: true },
  });
  document.body.append(scroller);
  life = new AbortController();
  stick = stickToBottom(scroller, document.createElement("div"), life.signal);
});

afterEach(() => {
  life.abort();
  scroller.remove();
});

/** The scroll position is moved, by whomever. */
function scrollTo(top: number): void {
  scroller.scrollTop = top;
  scroller.dispatchEvent(new Event("scroll"));
}

it("goes on following when the browser moves the view by itself", () => {
  scrollTo(760);
  scrollTo(400);
  expect(stick.following.value).toBe(true);
});

it("is released by the wheel and by keys that go up, not by those that go down", () => {
  const down = [new WheelEvent("wheel", { deltaY: 50 }), new KeyboardEvent("keydown", { key: "PageDown" })];
  for (const event of down) scroller.dispatchEvent(event);
  const zoom = new WheelEvent("wheel", { deltaY: -50 });
  Object.defineProperty(zoom, "ctrlKey", { value: true }); // happy-dom leaves it out
  scroller.dispatchEvent(zoom);
  expect(stick.following.value, "zooming is no scrolling").toBe(true);
  const up = [
    new WheelEvent("wheel", { deltaY: -50 }),
    new KeyboardEvent("keydown", { key: "PageUp" }),
    new KeyboardEvent("keydown", { key: " ", shiftKey: true }),
  ];
  for (const event of up) {
    scroller.dispatchEvent(event);
    expect(stick.following.value).toBe(false);
    stick.jump();
    expect(stick.following.value).toBe(true);
  }
});

it("is released by a scrollbar that is held and by a finger, until they let go", () => {
  for (const [press, lift] of [
    [new PointerEvent("pointerdown"), new PointerEvent("pointerup")],
    [new Event("touchstart"), new Event("touchend")],
  ] as const) {
    scroller.dispatchEvent(press);
    scrollTo(500);
    expect(stick.following.value).toBe(false);
    globalThis.dispatchEvent(lift);
    stick.jump();
    scroller.scrollTop = 800;
    scrollTo(790);
    expect(stick.following.value).toBe(true);
  }
});

it("notices a release it was not told of by a pointer that moves without a button", () => {
  scroller.dispatchEvent(new PointerEvent("pointerdown"));
  globalThis.dispatchEvent(new PointerEvent("pointermove", { buttons: 0 }));
  scrollTo(500);
  expect(stick.following.value).toBe(true);
});

it("takes up again near the end", () => {
  scroller.dispatchEvent(new WheelEvent("wheel", { deltaY: -50 }));
  scrollTo(300);
  scrollTo(600);
  expect(stick.following.value).toBe(false);
  scrollTo(750);
  expect(stick.following.value).toBe(true);
});
