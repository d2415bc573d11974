/** Moves the focus up or down through `buttons` with an arrow key; above the first of them is `before`. */
export function arrows(event: KeyboardEvent, buttons: HTMLElement[], before: HTMLElement | null): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const target = event.target as HTMLInputElement;
  if (step === undefined || event.isComposing || target.type === "radio" || buttons.length === 0) return;
  const root = target.getRootNode() as ShadowRoot;
  const next = buttons.indexOf(root.activeElement as HTMLElement) + step;
  event.preventDefault();
  if (next < 0) before?.focus();
  else buttons[Math.min(next, buttons.length - 1)]?.focus();
}
