/** Copies text; where the clipboard is denied (no secure context, no permission) by way of a selection. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // The page knows our view's root alone; who is in it has the focus.
    let focused = document.activeElement as HTMLElement | null;
    while (focused?.shadowRoot) focused = focused.shadowRoot.activeElement as HTMLElement | null;
    const area = document.createElement("textarea");
    area.value = text;
    area.readOnly = true;
    area.style = "position:fixed;opacity:0";
    document.body.append(area);
    area.select();
    try {
      return document.execCommand("copy");
    } catch {
      return false;
    } finally {
      area.remove();
      focused?.focus({ preventScroll: true });
    }
  }
}
