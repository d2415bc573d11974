import type { View } from "./view";

/** What a control is called for whoever does not see it. */
export function nameOf(element: Element): string {
  return (element.getAttribute("aria-label") ?? element.textContent ?? "").trim();
}

/** The names of the buttons inside, in their order. */
export function buttonNames(place: ParentNode): string[] {
  return [...place.querySelectorAll("button")].map(nameOf);
}

/** The button of a name; the first where several have it. */
export function button(place: ParentNode, name: string): HTMLButtonElement {
  const found = [...place.querySelectorAll("button")].find((each) => nameOf(each) === name);
  if (!found) throw new Error(`no button “${name}” among ${JSON.stringify(buttonNames(place))}`);
  return found;
}

export async function click(view: View, name: string, place: ParentNode = view.root): Promise<void> {
  button(place, name).click();
  await view.painted();
}

/** Writes into a field, as typing does. */
export async function write(
  view: View,
  field: HTMLInputElement | HTMLTextAreaElement,
  words: string,
): Promise<void> {
  field.value = words;
  field.setSelectionRange(words.length, words.length);
  field.dispatchEvent(new Event("input", { bubbles: true }));
  await view.painted();
}

interface Asked {
  kind: string;
  requestId: string;
}

/** The requests of a kind, in their order. */
export function asked(view: View, kind: string): Asked[] {
  return view.host.sent.filter((each) => each.kind === kind) as Asked[];
}

/** The kernel does what was asked for: the newest of its kind, unless another is meant. */
export async function done(view: View, kind: string, result: unknown = null, at = -1): Promise<void> {
  const requestId = asked(view, kind).at(at)?.requestId ?? "";
  await view.hear({ kind: "reply", requestId, ok: true, result });
  await view.painted();
}

export async function refused(view: View, kind: string, why: string, at = -1): Promise<void> {
  const requestId = asked(view, kind).at(at)?.requestId ?? "";
  await view.hear({ kind: "reply", requestId, ok: false, error: { message: why } });
  await view.painted();
}
