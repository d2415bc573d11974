import { effect, type ReadonlySignal, signal } from "@preact/signals";
import { type ComponentChildren, render } from "preact";
import tokensCss from "./styles/tokens.css?inline";

// In a row of boxes a view would be as narrow as its content, which is nothing. `:where` leaves every word to the layout
// that Python gives, and what the layout sets the widget fills.
const OUTER_CSS =
  ":where(.conduit-view){display:flex;flex-direction:column;width:100%;min-width:0;min-height:0}";

/** One view of a store. */
export interface Attached {
  /** Whether any of it is in sight; at first it is taken to be. */
  seen(inSight: boolean): void;
  end(): void;
}

/**
 * Shows `view` inside `el`, in a shadow root of its own with `css`, until `signal` aborts; returns the root's host.
 * `attach` is told that there is one view more; `later` holds the styles that come when the view is shown already.
 */
export function mount(
  el: HTMLElement,
  view: ComponentChildren,
  css: readonly string[],
  attach: () => Attached,
  lifetime: AbortSignal,
  later: ReadonlySignal<readonly CSSStyleSheet[]> = signal([]),
): HTMLElement | undefined {
  if (lifetime.aborted) return undefined;
  const outer = document.createElement("style");
  outer.textContent = OUTER_CSS;
  const host = document.createElement("div");
  // Lumino's shortcuts would otherwise fire through our focused buttons; events from the shadow tree name the host.
  host.dataset.lmSuppressShortcuts = "true";
  const root = host.attachShadow({ mode: "open" });
  const forgetStyles = adoptStyles(root, [tokensCss, ...css].join("\n"), later);
  const container = document.createElement("div");
  container.className = "frame";
  // Where an edit in a cell reaches the event's target (for JupyterLab: our host), it cancels line breaks and undo.
  container.addEventListener("beforeinput", (event) => event.stopPropagation(), { signal: lifetime });
  root.append(container);
  el.classList.add("conduit-view");
  el.append(host, outer);
  render(view, container);
  const attached = attach();
  watchSight(host, attached.seen, lifetime);
  lifetime.addEventListener(
    "abort",
    () => {
      attached.end();
      forgetStyles();
      render(null, container);
      host.remove();
      outer.remove();
      el.classList.remove("conduit-view");
    },
    { once: true },
  );
  return host;
}

/** Tells whether any of `element` is in sight, also when the page itself comes into view again. */
function watchSight(element: Element, tell: (inSight: boolean) => void, signal: AbortSignal): void {
  if (!("IntersectionObserver" in globalThis)) return;
  let inSight = true;
  const observer = new IntersectionObserver((entries) => {
    inSight = entries.at(-1)?.isIntersecting ?? inSight;
    tell(inSight);
  });
  observer.observe(element);
  signal.addEventListener("abort", () => observer.disconnect(), { once: true });
  document.addEventListener(
    "visibilitychange",
    () => {
      if (document.visibilityState === "visible") tell(inSight);
    },
    { signal },
  );
}

function adoptStyles(
  root: ShadowRoot,
  css: string,
  later: ReadonlySignal<readonly CSSStyleSheet[]>,
): () => void {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  return effect(() => {
    root.adoptedStyleSheets = [sheet, ...later.value];
  });
}
