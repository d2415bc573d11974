// The keyboard in the transcript: from message to message with the arrow keys, into a message's actions with Enter.

/** Acts on a key that was pressed on the scroller or on a message itself; what it leaves goes its usual way. */
export function onTranscriptKey(event: KeyboardEvent, scroller: HTMLElement): void {
  const target = event.target;
  if (!(target instanceof HTMLElement) || event.ctrlKey || event.metaKey || event.altKey) return;
  if (target === scroller) {
    if (event.key === "Enter") enter(event, lastInView(scroller));
    return;
  }
  if (!target.matches("article")) return;
  if (event.key === "Enter" || event.key === "F10") {
    // The toolbar stands last in the message, after the buttons of code and answers.
    const first = target.querySelector<HTMLElement>(".toolbar button") ?? target.querySelector("button");
    enter(event, first);
  } else if (event.key === "Escape") {
    event.stopPropagation();
    enter(event, scroller);
  } else {
    const next = neighbour(event.key, target, scroller);
    if (next && !isLongerThanView(event.key, target, scroller)) enter(event, next);
  }
}

function enter(event: KeyboardEvent, element: HTMLElement | null | undefined): void {
  if (!element) return;
  event.preventDefault();
  element.focus();
  if (element.matches("article")) element.scrollIntoView?.({ block: "nearest" });
}

function articles(scroller: HTMLElement): HTMLElement[] {
  return [...scroller.querySelectorAll<HTMLElement>("article[tabindex]")];
}

function neighbour(key: string, from: HTMLElement, scroller: HTMLElement): HTMLElement | undefined {
  const all = articles(scroller);
  const at = all.indexOf(from);
  const places: Record<string, number> = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 };
  const place = places[key];
  return place === undefined ? undefined : all[place];
}

/** A message that goes on beyond the edge is scrolled first. */
function isLongerThanView(key: string, article: HTMLElement, scroller: HTMLElement): boolean {
  const own = article.getBoundingClientRect();
  const view = scroller.getBoundingClientRect();
  if (key === "ArrowDown") return own.bottom > view.bottom + 1;
  return key === "ArrowUp" && own.top < view.top - 1;
}

function lastInView(scroller: HTMLElement): HTMLElement | undefined {
  const { bottom } = scroller.getBoundingClientRect();
  return articles(scroller).findLast((article) => article.getBoundingClientRect().top < bottom);
}
