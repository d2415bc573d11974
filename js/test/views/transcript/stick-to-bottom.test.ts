// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type StickToBottom, stickToBottom } from "../../../src/views/transcript/stick-to-bottom";

let scroller: HTMLElement;
let content: HTMLElement;
let life: AbortController;
let stick: StickToBottom;
let resized: () => void;

beforeEach(() => {
  vi.stubGlobal(
    "ResizeObserver",
    class {
      constructor(tell: () => void) {
        resized = tell;
      }
      observe(): void {}
      disconnect(): void {}
    },
  );
  scroller = document.createElement("div");
  Object.defineProperties(scroller, {
    scrollHeight: { value: 1_000, writable: true },
    clientHeight: { value: 200, writable: true },
    scrollTop: { value: 800, writable: true },
  });
  document.body.append(scroller);
  life = new AbortController();
  content = document.createElement("div");
  scroller.append(content);
  document.body.append(scroller);
  stick = stickToBottom(scroller, content, life.signal);
});

afterEach(() => {
  life.abort();
  scroller.remove();
  vi.unstubAllGlobals();
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

/** The answer grows, which the view is told of. */
function grow(by: number): void {
  (scroller as { scrollHeight: number }).scrollHeight += by;
  resized();
}

it("leaves the scrollbar to the hand that drags it, however fast an answer grows", () => {
  grow(100);
  expect(scroller.scrollTop, "it follows").toBe(1_100);
  scroller.dispatchEvent(new PointerEvent("pointerdown"));
  scroller.scrollTop = 700; // dragged; the event comes with the next frame
  grow(100);
  expect(scroller.scrollTop).toBe(700);
  globalThis.dispatchEvent(new PointerEvent("pointerup"));
  expect(stick.following.value).toBe(false);
  expect(scroller.scrollTop).toBe(700);
});

it("is released by a press on the scrollbar, on the thumb or beside it, and not by one on the text", () => {
  Object.defineProperties(scroller, { offsetWidth: { value: 306 }, clientWidth: { value: 300 } });
  scroller.dispatchEvent(new PointerEvent("pointerdown", { clientX: 299 }));
  globalThis.dispatchEvent(new PointerEvent("pointerup"));
  expect(stick.following.value).toBe(true);
  scroller.dispatchEvent(new PointerEvent("pointerdown", { clientX: 303 }));
  globalThis.dispatchEvent(new PointerEvent("pointerup"));
  grow(100);
  scrollTo(600); // the page a press beside the thumb goes up, after it
  expect(stick.following.value).toBe(false);
  expect(scroller.scrollTop).toBe(600);
});

it("waits while a button or a finger is down and then goes to the end", () => {
  for (const [press, lift] of [
    [new PointerEvent("pointerdown"), new PointerEvent("pointerup")],
    [new PointerEvent("pointerdown", { button: 1 }), new PointerEvent("pointerup", { button: 1 })],
    [new Event("touchstart"), new Event("touchend")],
    [new PointerEvent("pointerdown"), new PointerEvent("pointermove", { buttons: 0 })],
  ] as const) {
    const before = scroller.scrollTop;
    scroller.dispatchEvent(press);
    grow(100);
    expect(scroller.scrollTop).toBe(before);
    globalThis.dispatchEvent(lift);
    expect(stick.following.value).toBe(true);
    expect(scroller.scrollTop).toBe(scroller.scrollHeight);
    grow(100);
    expect(scroller.scrollTop).toBe(scroller.scrollHeight);
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

describe("what is in view", () => {
  let top: number;
  let article: HTMLElement;

  /** An article stands `top` px below the beginning of the content. */
  beforeEach(() => {
    const box = (from: () => number, height: number) => () => new DOMRect(0, from(), 100, height);
    scroller.getBoundingClientRect = box(() => 0, 200);
    content.getBoundingClientRect = box(() => -scroller.scrollTop, 1_000);
    article = document.createElement("article");
    article.getBoundingClientRect = box(() => top - scroller.scrollTop, 50);
    const gone = document.createElement("article");
    gone.getBoundingClientRect = box(() => -scroller.scrollTop, 50);
    content.append(gone, article);
    top = 400;
    scroller.scrollTop = 390;
  });

  it("stays in place while messages come in above it, however far the person scrolls meanwhile", () => {
    stick.holdPosition();
    expect(stick.following.value).toBe(false);
    resized();
    expect(scroller.scrollTop).toBe(390);
    scroller.scrollTop = 350;
    top = 700;
    resized();
    expect(scroller.scrollTop).toBe(650);
    top = 720;
    resized();
    expect(scroller.scrollTop).toBe(670);
  });

  it("is not held when the person goes elsewhere, or when it is no longer there", () => {
    stick.holdPosition();
    stick.leave();
    top = 700;
    resized();
    expect(scroller.scrollTop).toBe(390);
    stick.holdPosition();
    article.remove();
    top = 900;
    resized();
    expect(scroller.scrollTop).toBe(390);
  });
});

it("follows no end of what is drawn that is not the end of the conversation", () => {
  stick.leave();
  stick.setEnd(false);
  scroller.scrollTop = 700;
  scroller.dispatchEvent(new Event("scroll"));
  scroller.scrollTop = 800;
  scroller.dispatchEvent(new Event("scroll"));
  expect(stick.following.value).toBe(false);
  stick.setEnd(true);
  scroller.scrollTop = 750;
  scroller.dispatchEvent(new Event("scroll"));
  scroller.scrollTop = 800;
  scroller.dispatchEvent(new Event("scroll"));
  expect(stick.following.value).toBe(true);
});
