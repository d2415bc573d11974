// @vitest-environment happy-dom

import { afterEach, describe, expect, it, type Mock, vi } from "vitest";
import { openPanel, type PanelOptions } from "../../src/lab/panel/panel";
import { speakLanguage } from "../../src/lab/texts";
import { text } from "../../src/texts/texts";
import { FakeClock } from "../support/fake-clock";
import { until } from "../support/until";

interface Container {
  init(scope: object): void;
  get(name: string): Promise<() => { default: { activate(app: object): void; optional: object[] }[] }>;
}

await import("../../src/lab/remote-entry");
const page = globalThis as unknown as { _JUPYTERLAB: { conduit_widget: Container } };
const container = page._JUPYTERLAB.conduit_widget;

/** One line says that the chat is missing; nothing else happens. */
function saidOnce(words: string): void {
  expect(warn.mock.calls).toEqual([[expect.stringContaining(words)]]);
  warn.mockClear();
}

// biome-ignore lint/suspicious/noConsole: whatever is said there is watched
const warned = (): typeof warn => vi.mocked(console.warn).mockImplementation(() => {});
let warn: Mock<(...words: unknown[]) => void>;

describe("the extension", () => {
  it("leaves the page alone where it shares nothing with extensions", async () => {
    warn = warned();
    container.init({});
    expect((await container.get("./extension"))().default).toEqual([]);
    saidOnce("the chat's extension is not loaded");
  });

  it("leaves the page alone where it cannot begin", async () => {
    warn = warned();
    const shares = (module: object): object => ({ "1.10.0": { get: async () => () => module } });
    container.init({
      "@lumino/widgets": shares({ Widget: class {} }),
      "@jupyterlab/ui-components": shares({ LabIcon: class {} }),
      "@jupyterlab/apputils": { "1.9.0": {}, ...shares({ ICommandPalette: { name: "palette" } }) },
    });
    const [plugin] = (await container.get("./extension"))().default;
    expect(plugin?.optional).toEqual([{ name: "palette" }]);
    plugin?.activate({});
    saidOnce("conduit_widget:plugin");
  });
});

describe("the panel", () => {
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  const opened = (): { el: HTMLElement; clock: FakeClock } => {
    speakLanguage("en");
    const [el, clock] = [document.createElement("div"), new FakeClock()];
    const server = { baseUrl: "/", wsUrl: "ws://localhost/", token: "", appendToken: false };
    openPanel(
      el,
      { server, text, settings: null, lifetime: new AbortController().signal } as unknown as PanelOptions,
      clock,
    );
    return { el, clock };
  };
  const answers = (status: number): void => {
    vi.stubGlobal("fetch", async () => new Response("{}", { status }));
  };

  it.each([
    [404, "This Jupyter server has no chat"],
    [403, "wants you to sign in again"],
    [503, "does not answer"],
  ])("says why there is no chat when the server answers with %i", async (status, words) => {
    answers(status);
    const { el } = opened();
    await until(() => expect(el.textContent).toContain(words));
  });

  it("asks a server again that did not answer", async () => {
    vi.stubGlobal("fetch", () => Promise.reject(new TypeError("no network")));
    const { el, clock } = opened();
    await until(() => expect(el.textContent).toContain("does not answer"));
    answers(404);
    clock.advance(5_000);
    await until(() => expect(el.textContent).toContain("has no chat"));
    answers(403);
    el.querySelector("button")?.click();
    await until(() => expect(el.textContent).toContain("sign in again"));
  });
});
