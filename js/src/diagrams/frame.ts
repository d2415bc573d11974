// The document that draws a diagram. It runs in a sandbox of its own: whatever the library makes of a hostile text stays
// there, without the page, without an origin, without the network.

/** What the frame says, when it keeps to its part: an SVG image and its size in px, or why there is none. */
export interface DrawingReport {
  readonly svg?: unknown;
  readonly width?: unknown;
  readonly height?: unknown;
  readonly error?: unknown;
}

/** Only scripts of this document run, styles are those written in it, and nothing is ever fetched. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/** Returns the document; `nonce` marks the scripts that may run in it. */
export function frameText(nonce: string): string {
  return (
    `<!doctype html><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${POLICY}; ` +
    `script-src 'nonce-${nonce}'"><body><script nonce="${nonce}">(${inFrame.toString()})()</script>`
  );
}

/** What a text may not set for itself, beside what the library keeps. */
const KEPT = ["secure", "securityLevel", "startOnLoad", "maxTextSize", "maxEdges", "suppressErrorRendering"];

export const SETTINGS = {
  startOnLoad: false,
  securityLevel: "strict",
  suppressErrorRendering: true,
  // An image shows no HTML in its labels.
  htmlLabels: false,
  flowchart: { htmlLabels: false },
  class: { htmlLabels: false },
  fontFamily: "system-ui, sans-serif",
  secure: [...KEPT, "htmlLabels", "fontFamily", "themeCSS", "dompurifyConfig"],
} as const;

interface Mermaid {
  initialize(settings: object): void;
  render(id: string, source: string): Promise<{ svg: string }>;
}

/** Runs in the frame, from its text alone: it can use nothing of this module. */
function inFrame(): void {
  const nonce = document.currentScript?.nonce ?? "";
  const tell = (report: object): void => parent.postMessage(report, "*");
  const draw = async (library: string, settings: object, source: string): Promise<object> => {
    const script = document.createElement("script");
    script.nonce = nonce;
    script.textContent = library;
    document.body.append(script);
    const { mermaid } = globalThis as unknown as { mermaid: Mermaid };
    mermaid.initialize(settings);
    const { svg } = await mermaid.render("diagram", source);
    const box = document.createElement("div");
    box.innerHTML = svg;
    const image = box.querySelector("svg") as SVGSVGElement;
    const { width, height } = image.viewBox.baseVal;
    image.setAttribute("width", `${width}`);
    image.setAttribute("height", `${height}`);
    image.style.maxWidth = "";
    return { svg: new XMLSerializer().serializeToString(image), width, height };
  };
  addEventListener("message", ({ source, data }) => {
    if (source !== parent) return;
    draw(data.library, data.settings, data.source).then(tell, (error) =>
      tell({ error: String(error?.message ?? error) }),
    );
  });
}
