// What a notebook keeps of a chat: a static transcript beside the live view, written by the kernel.
import { effect, type ReadonlySignal } from "@preact/signals";

/** In a saved document there is no kernel: the transcript beside it speaks, the view shows nothing. */
const SILENT_MODULE = "export default { render({ el }) { el.style.display = 'none'; } };";

/**
 * Leaves one of the two in sight: the view when it is live, the transcript while no kernel has answered.
 * Without a transcript in the document the view is all there is, and shown.
 */
export function besideSaved(
  host: HTMLElement,
  savedClass: unknown,
  live: ReadonlySignal<unknown>,
  signal: AbortSignal,
): void {
  if (typeof savedClass !== "string" || !/^[\w-]+$/.test(savedClass)) return;
  const document = host.ownerDocument;
  const rules = document.createElement("style");
  // Two rules: where `:has` is unknown, only the one that needs it is lost.
  rules.textContent = `.${savedClass}{display:none}.jp-OutputArea-child:has(.${savedClass}){display:none}`;
  const stop = effect(() => {
    const isLive = live.value !== null;
    if (isLive) document.head.append(rules);
    host.hidden = !isLive && document.querySelector(`.${savedClass}`) !== null;
  });
  signal.addEventListener(
    "abort",
    () => {
      stop();
      rules.remove();
    },
    { once: true },
  );
}

/** Keeps the browser part out of what the widget manager saves into the notebook; the running one is untouched. */
export function keepOutOfDocuments(model: {
  widget_manager?: unknown;
  set?(name: string, value: unknown, options: { silent: boolean }): void;
}): void {
  // Only where models are Backbone's is `silent` known: elsewhere the module would be taken for a new one.
  if (!model.widget_manager || !model.set) return;
  model.set("_esm", SILENT_MODULE, { silent: true });
}
