// The key to the composer, where the focus is inside a chat: Lumino's shortcuts leave alone what is typed there.
import type { Application } from "./jupyter";
import { PANEL_ID } from "./side-panel";

interface Registry {
  /** Lumino's own reading of an event, by the layout of the keyboard. */
  keystrokeForKeydownEvent?(event: KeyboardEvent): string;
}

/** Goes to the composer of the chat that the focus is in; from that of a cell the `command` goes on to the panel. */
export function focusKey({ commands }: Application, command: string): void {
  const read = (commands.constructor as Registry).keystrokeForKeydownEvent;
  document.addEventListener("keydown", (event) => {
    const view = event.composedPath().find((each) => each instanceof ShadowRoot);
    if (event.defaultPrevented || !view?.host.closest(".conduit-view")) return;
    const stroke = read?.(event);
    const isOurs = commands.keyBindings?.some(
      (each) => each.command === command && each.keys.length === 1 && each.keys[0] === stroke,
    );
    if (!isOurs) return;
    event.preventDefault();
    const field = view.querySelector<HTMLTextAreaElement>(".composer .field textarea");
    if (field && !field.disabled && field !== view.activeElement) field.focus();
    else if (!view.host.closest(`#${PANEL_ID}`)) void commands.execute(command);
  });
}
