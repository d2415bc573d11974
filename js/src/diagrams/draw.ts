import { uuid } from "../identifier";
import { text } from "../texts/texts";
import { type DrawingReport, frameText, SETTINGS } from "./frame";

/** An image, and its size in px. */
export interface Drawing {
  readonly url: string;
  readonly width: number;
  readonly height: number;
}

export interface DrawOptions {
  /** The library, as text: it runs in the frame only. */
  readonly library: string;
  readonly isDark: boolean;
  /** Where the frame stands while it draws: it must be laid out, so that letters have a width. */
  readonly place: HTMLElement;
  readonly signal: AbortSignal;
}

const SLOWEST_MS = 20_000;
/** The longest text that is drawn, in characters: the library's own limit, which it would draw in place of a diagram. */
const LONGEST = 50_000;
const LARGEST = 4_000_000;
const LONGEST_REASON = 160;

/**
 * Draws a text of Mermaid as an SVG image, which the browser shows without running, loading or styling anything.
 *
 * Rejects with an Error in plain words when there is nothing to draw, and after 20 s.
 */
export function draw(source: string, options: DrawOptions): Promise<Drawing> {
  if (source.length > LONGEST) return Promise.reject(new Error(text("diagram.tooLong")));
  const { library, isDark, place, signal } = options;
  const frame = drawingFrame(place.ownerDocument);
  const done = new AbortController();
  const drawn = new Promise<Drawing>((resolve, reject) => {
    const heard = ({ source: sender, data }: MessageEvent): void => {
      if (sender !== frame.contentWindow) return;
      const drawing = drawingOf(data);
      if (typeof drawing === "string") reject(new Error(drawing));
      else resolve(drawing);
    };
    const settings = { ...SETTINGS, theme: isDark ? "dark" : "default", maxTextSize: LONGEST };
    const start = (): void => frame.contentWindow?.postMessage({ library, settings, source }, "*");
    const timer = setTimeout(() => reject(new Error(text("diagram.tooSlow"))), SLOWEST_MS);
    done.signal.addEventListener("abort", () => clearTimeout(timer));
    signal.addEventListener("abort", () => reject(signal.reason), { signal: done.signal });
    addEventListener("message", heard, { signal: done.signal });
    frame.addEventListener("load", start, { signal: done.signal });
    place.append(frame);
  });
  return drawn.finally(() => {
    done.abort();
    frame.remove();
  });
}

/** Scripts of its own and nothing else: no origin, no page around it, no forms, no windows, no network. */
function drawingFrame(document: Document): HTMLIFrameElement {
  const frame = document.createElement("iframe");
  frame.setAttribute("sandbox", "allow-scripts");
  frame.referrerPolicy = "no-referrer";
  frame.tabIndex = -1;
  frame.srcdoc = frameText(uuid());
  return frame;
}

/** What the frame said, which may be anything: a drawing, or why there is none. */
function drawingOf(said: unknown): Drawing | string {
  const { svg, width, height, error } = Object(said) as DrawingReport;
  if (typeof error === "string") return reasonOf(error);
  if (typeof svg !== "string" || svg.length > LARGEST || !isLength(width) || !isLength(height))
    return text("diagram.nothing");
  return { url: `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`, width, height };
}

function isLength(value: unknown): value is number {
  return typeof value === "number" && value > 0 && Number.isFinite(value);
}

/** The first line of what the library says: the others repeat the text. */
function reasonOf(error: string): string {
  const line = error.trim().split("\n")[0]?.trim().replace(/:$/, "") ?? "";
  if (!line) return text("diagram.nothing");
  return `${line.slice(0, LONGEST_REASON)}${/[.!?…]$/.test(line) ? "" : "."}`;
}
