import { render } from "preact";
import type { Store } from "./store";
import chatCss from "./styles/chat.css?inline";
import markdownCss from "./styles/markdown.css?inline";
import messageCss from "./styles/message.css?inline";
import tokensCss from "./styles/tokens.css?inline";
import { Chat } from "./views/chat";

/** Shows the chat inside `el`, in a shadow root of its own, until `signal` aborts. */
export function mount(el: HTMLElement, store: Store, signal: AbortSignal): void {
  if (signal.aborted) return;
  const host = document.createElement("div");
  // Lumino's shortcuts would otherwise fire through our focused buttons; events from the shadow tree name the host.
  host.dataset.lmSuppressShortcuts = "true";
  const root = host.attachShadow({ mode: "open" });
  adoptStyles(root, [tokensCss, chatCss, messageCss, markdownCss].join("\n"));
  const container = document.createElement("div");
  // Where an edit in a cell reaches the event's target (for JupyterLab: our host), it cancels line breaks and undo.
  container.addEventListener("beforeinput", (event) => event.stopPropagation(), { signal });
  root.append(container);
  el.append(host);
  render(<Chat store={store} />, container);
  signal.addEventListener(
    "abort",
    () => {
      render(null, container);
      host.remove();
    },
    { once: true },
  );
  store.hello();
}

function adoptStyles(root: ShadowRoot, css: string): void {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(css);
  root.adoptedStyleSheets = [sheet];
}
