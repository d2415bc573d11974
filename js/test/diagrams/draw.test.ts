// @vitest-environment happy-dom
// What a diagram's frame is told and may say: it runs a text of others', so it may say anything.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Drawing, draw } from "../../src/diagrams/draw";
import { frameText, SETTINGS } from "../../src/diagrams/frame";
import { isDark, onThemeChange } from "../../src/diagrams/theme";
import { diagram } from "../../src/texts/en/diagram";
import { addTexts } from "../../src/texts/texts";

addTexts(diagram);

const SVG = '<svg xmlns="http://www.w3.org/2000/svg"><text>é "</text></svg>';

let place: HTMLElement;
let left: AbortController;
let told: unknown[];
let sender: object;
beforeEach(() => {
  [place, left, told, sender] = [document.createElement("div"), new AbortController(), [], {}];
  // A frame that never loads anything: the test speaks for it.
  vi.spyOn(HTMLIFrameElement.prototype, "contentWindow", "get").mockImplementation(
    () => Object.assign(sender, { postMessage: (job: unknown) => told.push(job) }) as never,
  );
});
afterEach(() => vi.useRealTimers());

const frame = (): HTMLIFrameElement | null => place.querySelector("iframe");
const begin = (source: string, dark = false): Promise<Drawing> =>
  draw(source, { library: "library", isDark: dark, place, signal: left.signal });

function says(data: unknown, source: object | null = sender): void {
  dispatchEvent(Object.assign(new Event("message"), { data, source }));
}

describe("the frame", () => {
  it("has scripts of its own and nothing else: no origin, no network, no way of the tab key", async () => {
    const drawing = begin("graph TD");
    expect([frame()?.getAttribute("sandbox"), frame()?.tabIndex]).toEqual(["allow-scripts", -1]);
    const text = frame()?.srcdoc ?? "";
    const [, nonce = ""] = /script-src 'nonce-([^']+)'/.exec(text) ?? [];
    expect(text).toContain("default-src 'none'");
    expect(text).toContain(`<script nonce="${nonce}">`);
    expect(nonce.length).toBeGreaterThan(16);
    says({ error: "x" });
    await expect(drawing).rejects.toThrow("x.");
    expect(frameText("other")).toContain("'nonce-other'");
  });

  it.each([
    [false, "default"],
    [true, "dark"],
  ])("is told the text once it is loaded, dark: %s", async (dark, theme) => {
    const drawing = begin("graph TD", dark);
    frame()?.dispatchEvent(new Event("load"));
    const settings = { ...SETTINGS, theme, maxTextSize: 50_000 };
    expect(told).toEqual([{ library: "library", settings, source: "graph TD" }]);
    expect([SETTINGS.securityLevel, SETTINGS.htmlLabels, SETTINGS.secure.includes("securityLevel")]).toEqual([
      ...["strict", false, true],
    ]);
    says({ svg: SVG, width: 10, height: 20 });
    await drawing;
  });

  it("gives an image, and is gone", async () => {
    const drawing = begin("graph TD");
    says({ svg: SVG, width: 10.5, height: 20 });
    const { url, ...size } = await drawing;
    expect(decodeURIComponent(url)).toBe(`data:image/svg+xml;charset=utf-8,${SVG}`);
    expect([size, frame()]).toEqual([{ width: 10.5, height: 20 }, null]);
  });

  it.each([
    [null],
    [undefined],
    ["text"],
    [7],
    [[]],
    [{}],
    [{ svg: 7, width: 1, height: 1 }],
    [{ svg: SVG }],
    [{ svg: SVG, width: 0, height: 1 }],
    [{ svg: SVG, width: -1, height: 1 }],
    [{ svg: SVG, width: Number.NaN, height: 1 }],
    [{ svg: SVG, width: 1, height: Number.POSITIVE_INFINITY }],
    [{ svg: SVG, width: "10", height: 1 }],
    [{ svg: "x".repeat(4_000_001), width: 1, height: 1 }],
    [{ error: "" }],
    [{ error: "\n \n" }],
  ])("may say what is no drawing: %#", async (data) => {
    const drawing = begin("graph TD");
    says(data);
    await expect(drawing).rejects.toThrow(diagram["diagram.nothing"]);
    expect(frame()).toBeNull();
  });

  it.each([
    ["Parse error on line 2:\ngraph TD\n--^", "Parse error on line 2."],
    ["What is this?", "What is this?"],
    [" spaces around ", "spaces around."],
    ["x".repeat(500), `${"x".repeat(160)}.`],
  ])("says why there is none: %#", async (error, reason) => {
    const drawing = begin("graph TD");
    says({ error, svg: SVG, width: 1, height: 1 });
    await expect(drawing).rejects.toThrow(new Error(reason));
  });

  it("is the only one that is listened to", async () => {
    const drawing = begin("graph TD");
    says({ svg: "another's", width: 1, height: 1 }, {});
    says({ svg: "the page's", width: 1, height: 1 }, null);
    says({ svg: SVG, width: 10, height: 20 });
    expect((await drawing).width).toBe(10);
  });

  it("is given up after a while, and where nobody waits for it any more", async () => {
    vi.useFakeTimers();
    const slow = begin("graph TD");
    const refused = expect(slow).rejects.toThrow(diagram["diagram.tooSlow"]);
    await vi.advanceTimersByTimeAsync(20_000);
    await refused;
    expect([frame(), vi.getTimerCount()]).toEqual([null, 0]);
    const gone = expect(begin("graph TD")).rejects.toThrow();
    left.abort();
    await gone;
    expect([frame(), vi.getTimerCount()]).toEqual([null, 0]);
  });

  it("is not made for a text that is too long", async () => {
    await expect(begin("x".repeat(50_001))).rejects.toThrow(diagram["diagram.tooLong"]);
    expect(frame()).toBeNull();
  });
});

describe("the theme", () => {
  it.each([
    ["rgb(0, 0, 0)", false],
    ["rgb(255, 255, 255)", true],
    ["rgba(255, 255, 255, 0.87)", true],
    ["rgba(0, 0, 0, 0.87)", false],
    ["rgb(97, 97, 97)", false],
    ["color(srgb 0.9 0.9 0.9)", true],
    ["color(srgb 0.1 0.1 0.1 / 0.5)", false],
    ["color(display-p3 1e-7 0 0)", false],
    ["oklch(0.2 0.1 250)", false],
    ["oklch(0.95 0.02 250)", true],
    ["oklab(0.9 -0.1 0.1)", true],
    ["lab(20 5 -40)", false],
    ["lab(95 0 0)", true],
    ["lch(20 30 300)", false],
    ["", false],
  ])("is dark where letters are light: %s %s", (color, dark) => {
    vi.spyOn(globalThis, "getComputedStyle").mockReturnValue({ color } as CSSStyleDeclaration);
    expect(isDark(place)).toBe(dark);
  });

  it("is looked at again when the page or the system changes, and not once that is over", async () => {
    const scheme = new EventTarget();
    vi.spyOn(globalThis, "matchMedia").mockReturnValue(scheme as MediaQueryList);
    const look = vi.fn();
    const stop = onThemeChange(document, look);
    document.body.dataset.jpThemeLight = "false";
    await vi.waitFor(() => expect(look).toHaveBeenCalledTimes(1));
    scheme.dispatchEvent(new Event("change"));
    expect(look).toHaveBeenCalledTimes(2);
    stop();
    document.body.dataset.jpThemeLight = "true";
    scheme.dispatchEvent(new Event("change"));
    await new Promise((done) => setTimeout(done));
    expect(look).toHaveBeenCalledTimes(2);
  });
});
