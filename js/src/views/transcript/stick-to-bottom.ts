import { type ReadonlySignal, signal } from "@preact/signals";

const NEAR_PX = 64;
const UP_KEYS = new Set(["ArrowUp", "PageUp", "Home"]);

export interface StickToBottom {
  /** Whether the view follows what is written. A flag, not a measurement: only people release it. */
  readonly following: ReadonlySignal<boolean>;
  /** Goes to the end and follows again. */
  jump(): void;
  /** Follows no more: somebody looks at something else. */
  leave(): void;
  /** From now on keeps what is in view now in place, whatever comes above it. */
  holdPosition(): void;
  /** Whether the end of what is drawn is the end of the conversation: nothing else is followed. */
  setEnd(isEnd: boolean): void;
}

/**
 * Follows the end of `scroller` as `content` grows, until the person moves up: by wheel, keys, a finger, the
 * scrollbar or a selection. While a button or a finger is down the view stays where it is: going to the end would
 * take the scrollbar out of the hand that drags it (Firefox drops the drag), and text from under a selection. The browser scrolls too (a field that grows, content that shrinks): that is no wish of
 * anybody's. All listeners die with `life`.
 */
export function stickToBottom(scroller: HTMLElement, content: HTMLElement, life: AbortSignal): StickToBottom {
  const following = signal(true);
  let lastTop = scroller.scrollTop;
  /** A finger or a mouse button is down in here: what scrolls now, the person scrolls. */
  let grabbed = false;
  /** The same, without the scrolling a middle click leaves behind: the view waits for it. */
  let down = false;
  /** A middle click scrolls with no button down, until the next click. */
  let autoScrolls = false;
  /** What stays in place while older messages come in above it, and where in the content it stands. */
  let held: { element: Element; at: number } | null = null;
  let isEnd = true;

  const distance = (): number => scroller.scrollHeight - scroller.clientHeight - scroller.scrollTop;
  const toEnd = (): void => {
    scroller.scrollTop = scroller.scrollHeight;
    lastTop = scroller.scrollTop;
  };
  const placeOf = (element: Element): number =>
    element.getBoundingClientRect().top - content.getBoundingClientRect().top;
  const release = (): void => {
    if (scroller.scrollHeight > scroller.clientHeight) following.value = false;
  };

  const onScroll = (): void => {
    const top = scroller.scrollTop;
    if (top < lastTop - 1 && grabbed && distance() > 1) release();
    else if (top > lastTop && isEnd && distance() <= NEAR_PX) following.value = true;
    lastTop = top;
  };
  const onWheel = (event: WheelEvent): void => {
    if (event.deltaY < 0 && !event.ctrlKey && scroller.scrollTop > 0) release();
  };
  const onKey = (event: KeyboardEvent): void => {
    const up = UP_KEYS.has(event.key) || (event.key === " " && event.shiftKey);
    if (up && scroller.scrollTop > 0) release();
  };
  /** The keyboard has gone to something above what is in view at the end. */
  const onFocus = (event: FocusEvent): void => {
    const target = event.target;
    if (!(target instanceof Element) || target === scroller || !target.matches(":focus-visible")) return;
    if (target.getBoundingClientRect().top < scroller.getBoundingClientRect().top + 1 || distance() > NEAR_PX)
      release();
  };
  const onPress = (event: Event): void => {
    grabbed = true;
    down = true;
    if (event instanceof PointerEvent && isOnScrollbar(event, scroller)) release();
    autoScrolls = event instanceof PointerEvent && event.button === 1;
  };
  const onLift = (): void => {
    if (down) onScroll(); // the last move of the drag: its scroll event comes later
    grabbed = autoScrolls;
    if (!down) return;
    down = false;
    if (following.value) toEnd();
  };
  const onResize = (): void => {
    if (following.value) {
      held = null;
      if (!down) toEnd();
    } else if (held?.element.isConnected) {
      const at = placeOf(held.element);
      scroller.scrollTop += at - held.at;
      lastTop = scroller.scrollTop;
      held.at = at;
    }
  };

  const quiet = { passive: true, signal: life };
  scroller.addEventListener("scroll", onScroll, quiet);
  scroller.addEventListener("wheel", onWheel, quiet);
  scroller.addEventListener("keydown", onKey, quiet);
  scroller.addEventListener("focusin", onFocus, quiet);
  // A scrollbar reports the press to its element; the release may come anywhere, or nowhere: then the pointer moves
  // with no button down. A finger that scrolls loses its pointer, not its touch.
  scroller.addEventListener("pointerdown", onPress, quiet);
  scroller.addEventListener("touchstart", onPress, quiet);
  for (const end of ["pointerup", "touchend", "touchcancel"]) globalThis.addEventListener(end, onLift, quiet);
  globalThis.addEventListener(
    "pointermove",
    (event) => {
      if (event.buttons === 0) onLift();
    },
    quiet,
  );
  const observer = new ResizeObserver(onResize);
  observer.observe(content);
  observer.observe(scroller);
  life.addEventListener("abort", () => observer.disconnect(), { once: true });

  return {
    following,
    jump() {
      following.value = true;
      toEnd();
    },
    leave() {
      following.value = false;
      held = null;
    },
    holdPosition() {
      following.value = false;
      const { top } = scroller.getBoundingClientRect();
      const element = [...content.querySelectorAll("article")].find(
        (each) => each.getBoundingClientRect().bottom > top,
      );
      held = element ? { element, at: placeOf(element) } : null;
    },
    setEnd(value) {
      isEnd = value;
    },
  };
}

/**
 * Whoever presses the scrollbar takes over. A press beside the thumb scrolls a page, but only after the button is up,
 * and the thumb is small and shrinks while an answer grows. (Scrollbars that lie over the content take no room: those
 * release by what they scroll.)
 */
function isOnScrollbar(event: PointerEvent, scroller: HTMLElement): boolean {
  if (event.target !== scroller || scroller.offsetWidth <= scroller.clientWidth) return false;
  const x = event.clientX - scroller.getBoundingClientRect().left - scroller.clientLeft;
  return x < 0 || x >= scroller.clientWidth;
}
