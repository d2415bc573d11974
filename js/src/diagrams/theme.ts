/** Whether the letters of an element are lighter than what they stand on usually is. */
export function isDark(element: Element): boolean {
  const { color } = getComputedStyle(element);
  const [first = 0, ...others] = (color.match(/(?<!\w)-?[\d.]+(?:e-?\d+)?/g) ?? []).slice(0, 3).map(Number);
  // These begin with how light a colour is; the others have three parts of light.
  if (/^ok(lab|lch)/.test(color)) return first > 0.5;
  if (/^(lab|lch)/.test(color)) return first > 50;
  const most = color.startsWith("rgb") ? 255 : 1;
  return others.reduce((sum, part) => sum + part, first) / (3 * most) > 0.5;
}

/** Calls `look` when the host's theme may have changed. Returns the remover. */
export function onThemeChange(document: Document, look: () => void): () => void {
  const observer = new MutationObserver(look);
  for (const element of [document.documentElement, document.body])
    observer.observe(element, { attributes: true });
  const scheme = matchMedia("(prefers-color-scheme: dark)");
  scheme.addEventListener("change", look);
  return () => {
    observer.disconnect();
    scheme.removeEventListener("change", look);
  };
}
