import { type ReadonlySignal, signal } from "@preact/signals";

const NEAR_PX = 64;
const UP_KEYS = new Set(["ArrowUp", "PageUp", "Home"]);

export interface StickToBottom {
  /** Whether the view follows what is written. A flag, not a measurement: only people release it. */
  readonly following: ReadonlySignal<boolean>;
  /** Goes to the end and follows again. */
  jump(): void;
  /** Keeps what is in view in place while `change` puts something above it. */
  holdPosition(): void;
}

/** Follows the end of `scroller` as `content` grows, until the person moves up; all listeners die with `signal`. */
export function stickToBottom(scroller: HTMLElement, content: HTMLElement, life: AbortSignal): StickToBottom {
  const following = signal(true);
  let lastTop = scroller.scrollTop;
  let lastHeight = scroller.scrollHeight;
  /** Distance from the end to keep while older messages come in above. */
  let held: number | null = null;

  const distance = (): number => scroller.scrollHeight - scroller.clientHeight - scroller.scrollTop;
  const toEnd = (): void => {
    scroller.scrollTop = scroller.scrollHeight;
    lastTop = scroller.scrollTop;
  };
  const release = (): void => {
    if (scroller.scrollHeight > scroller.clientHeight) following.value = false;
  };

  const onScroll = (): void => {
    const top = scroller.scrollTop;
    const shrunk = scroller.scrollHeight < lastHeight;
    lastHeight = scroller.scrollHeight;
    if (top < lastTop - 1 && !shrunk && distance() > 1) release();
    else if (top > lastTop && distance() <= NEAR_PX) following.value = true;
    lastTop = top;
  };
  const onWheel = (event: WheelEvent): void => {
    if (event.deltaY < 0 && scroller.scrollTop > 0) release();
  };
  const onKey = (event: KeyboardEvent): void => {
    if (UP_KEYS.has(event.key) && scroller.scrollTop > 0) release();
  };
  const onResize = (): void => {
    if (following.value) toEnd();
    else if (held !== null) {
      scroller.scrollTop = scroller.scrollHeight - held;
      lastTop = scroller.scrollTop;
      held = null;
    }
    lastHeight = scroller.scrollHeight;
  };

  scroller.addEventListener("scroll", onScroll, { passive: true, signal: life });
  scroller.addEventListener("wheel", onWheel, { passive: true, signal: life });
  scroller.addEventListener("keydown", onKey, { signal: life });
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
    holdPosition() {
      following.value = false;
      held = scroller.scrollHeight - scroller.scrollTop;
    },
  };
}
