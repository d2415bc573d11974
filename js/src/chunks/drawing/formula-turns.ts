// When formulas are drawn: a few at once; of an answer full of them the others as they come near the view, so that none
// holds up a frame.

/** So long formulas are drawn before anything else is done, in ms; what the page needs to show them comes to about as much. */
const AT_ONCE_MS = 8;
/** What is so near the view is drawn. */
const NEAR = "800px 0px";

let spent = 0;

/** Returns what `draw` returns, unless what was drawn in this turn has taken long; then null. */
export function atOnce<T>(draw: () => T): T | null {
  if (spent >= AT_ONCE_MS) return null;
  // What Preact draws together it draws in one microtask.
  if (spent === 0)
    queueMicrotask(() => {
      spent = 0;
    });
  const began = performance.now();
  try {
    return draw();
  } finally {
    spent += Math.max(performance.now() - began, 0.001);
  }
}

const waiting = new Map<Element, () => void>();
let observer: IntersectionObserver | null = null;

/** Calls `draw` once `element` is near the view; returns how to forget it. */
export function nearView(element: Element, draw: () => void): () => void {
  // The chat scrolls inside the page's view; a browser that knows no margin of that draws what comes into view.
  observer ??= new IntersectionObserver(came, { rootMargin: NEAR, scrollMargin: NEAR });
  waiting.set(element, draw);
  observer.observe(element);
  return () => forget(element);
}

/** On paper everything is in view. */
function drawAll(): void {
  for (const [element, draw] of [...waiting]) {
    forget(element);
    draw();
  }
}
globalThis.addEventListener?.("beforeprint", drawAll);

function came(entries: readonly IntersectionObserverEntry[]): void {
  for (const { isIntersecting, target } of entries) {
    const draw = isIntersecting && waiting.get(target);
    if (!draw) continue;
    forget(target);
    draw();
  }
}

function forget(element: Element): void {
  waiting.delete(element);
  observer?.unobserve(element);
}
