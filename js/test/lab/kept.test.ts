// @vitest-environment happy-dom

import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { LuminoWidget, RenderMimeRegistry, WidgetModule } from "../../src/lab/jupyter";
import { KEPT, showKept } from "../../src/lab/kept";
import { type Kept, keptOutputs } from "../../src/notebook/kept-transcripts";
import { settled } from "../support/fake-clock";
import { until } from "../support/until";

/** A widget of Lumino, as far as it is used. */
class Widget {
  readonly node = document.createElement("div");
  readonly disposed = {
    connect: (slot: () => void) => {
      this.#dispose = slot;
    },
  };
  #dispose = (): void => {};
  addClass(): void {}
  dispose(): void {
    this.#dispose();
  }
}

type Factory = Parameters<RenderMimeRegistry["addFactory"]>[0];
type Renderer = LuminoWidget & {
  renderModel(model: object): Promise<void>;
  dispose(): void;
};

let seen: (isIntersecting: boolean) => void;
let resized: () => void;
let factory: Factory;
let rank: number;
let observed: number;
const OPENED: AbortSignal[] = [];

beforeEach(() => {
  vi.useFakeTimers();
  OPENED.length = 0;
  vi.stubGlobal("openedChats", OPENED);
  observed = 0;
  vi.stubGlobal(
    "IntersectionObserver",
    class {
      constructor(callback: (entries: object[]) => void) {
        seen = (isIntersecting) => callback([{ isIntersecting }]);
      }
      observe(): void {
        observed += 1;
      }
      disconnect(): void {
        observed -= 1;
      }
    },
  );
  vi.stubGlobal(
    "ResizeObserver",
    class {
      constructor(callback: () => void) {
        resized = callback;
      }
      observe(): void {
        observed += 1;
      }
      disconnect(): void {
        observed -= 1;
      }
    },
  );
  showKept(
    {
      addFactory(given, at) {
        [factory, rank] = [given, at];
      },
    },
    {
      widgets: { Widget } as unknown as WidgetModule,
      server: { baseUrl: "/", wsUrl: "ws://localhost/", token: "", appendToken: false },
      here: pathToFileURL("test/support/kept/remoteEntry.js").href,
    },
  );
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const made = (): Renderer =>
  factory.createRenderer({
    sanitizer: { sanitize: (dirty) => dirty.replaceAll(/<script.*?<\/script>/g, "") },
  }) as Renderer;
const model = (trusted: boolean): object => ({
  trusted,
  data: { "text/html": "<p>Said before</p><script>alert(1)</script>", [KEPT]: { conversation: "team" } },
});

it("comes before what else could show it, and needs no trust", () => {
  expect(factory).toMatchObject({ safe: true, mimeTypes: [KEPT] });
  expect(rank).toBeLessThan(0);
});

it("shows the transcript, cleaned by the page, whether it is trusted or not", async () => {
  for (const trusted of [true, false]) {
    const kept = made();
    await kept.renderModel(model(trusted));
    expect(kept.node.textContent).toBe("Said before");
    expect(kept.node.querySelector("script")).toBeNull();
  }
});

it("opens nothing that is not trusted", async () => {
  const asked = vi.fn();
  vi.stubGlobal("fetch", asked);
  const kept = made();
  await kept.renderModel(model(false));
  seen(true);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(asked).not.toHaveBeenCalled();
  expect(vi.getTimerCount()).toBe(0);
});

it("gives the kernel's view time to hide it, and lets go of everything in the end", async () => {
  const kept = made();
  await kept.renderModel(model(true));
  seen(true);
  expect(vi.getTimerCount()).toBe(1);
  seen(false);
  expect(vi.getTimerCount()).toBe(0);
  seen(true);
  kept.dispose();
  expect(vi.getTimerCount()).toBe(0);
  expect(observed).toBe(0);
});

/** An output area whose first output is a widget, or JupyterLab's wait for one, and whose second is the transcript. */
function below(above: string, node: HTMLElement): void {
  const area = document.createElement("div");
  area.innerHTML = `<div class="jp-OutputArea-child"><div class="jp-OutputArea-output">${above}</div></div>
    <div class="jp-OutputArea-child"><div class="jp-OutputArea-output"></div></div>`;
  area.lastElementChild?.firstElementChild?.append(node);
}

it.each([
  ["the kernel has made its view, and leaves it more time", "<div></div>", 15_000],
  ["JupyterLab still waits for a widget", "", 3_000],
  ["JupyterLab found no such widget", "Error displaying widget: model not found", 3_000],
])("opens the conversation in time where %s", async (_, above, after) => {
  const kept = made();
  below(above, kept.node);
  await kept.renderModel(model(true));
  seen(true);
  await vi.advanceTimersByTimeAsync(after - 1);
  expect(vi.getTimerCount()).toBe(1);
  await vi.advanceTimersByTimeAsync(1);
  expect(vi.getTimerCount()).toBe(0);
  kept.dispose();
});

/** How many chats are open; those of other tests may still come, and have ended. */
const open = (): number => OPENED.filter(({ aborted }) => !aborted).length;
/** In a layout, an element that is hidden has no offset parent. */
const lieIn = (node: HTMLElement, parent: Element | null): unknown =>
  Object.defineProperty(node, "offsetParent", { configurable: true, value: parent });

it("opens nothing for what was scrolled away meanwhile", async () => {
  const kept = made();
  lieIn(kept.node, document.body);
  await kept.renderModel(model(true));
  seen(true);
  seen(false);
  expect(vi.getTimerCount()).toBe(0);
  kept.dispose();
});

it("ends the chat when the kernel's view hides it, out of sight too", async () => {
  const kept = made();
  lieIn(kept.node, document.body);
  await kept.renderModel(model(true));
  seen(true);
  vi.advanceTimersByTime(3_000);
  vi.useRealTimers(); // its part is fetched in real time
  await until(() => expect(open()).toBe(1));
  seen(false);
  resized();
  expect(open()).toBe(1);
  lieIn(kept.node, null);
  resized();
  expect(open()).toBe(0);
  kept.dispose();
});

it("leaves the chat alone that was opened after another try, which fails late", async () => {
  const failures: (() => void)[] = [];
  vi.stubGlobal(
    "whileOpening",
    () => new Promise((_, reject) => failures.push(() => reject(new Error("cut")))),
  );
  const kept = made();
  lieIn(kept.node, null);
  await kept.renderModel(model(true));
  for (const tries of [1, 2]) {
    vi.useFakeTimers();
    seen(true);
    vi.advanceTimersByTime(3_000);
    vi.useRealTimers();
    await until(() => expect(failures).toHaveLength(tries));
    if (tries === 1) seen(false);
  }
  expect(OPENED.map(({ aborted }) => aborted)).toEqual([true, false]);
  failures[0]?.();
  await settled();
  expect(open()).toBe(1);
  failures[1]?.(); // its own failure ends it, and the transcript remains
  await until(() => expect(open()).toBe(0));
  expect(kept.node.textContent).toBe("Said before");
  kept.dispose();
});

it.each([
  ["is trusted", false, model(true)],
  ["is of another conversation", true, { trusted: true, data: { [KEPT]: { conversation: "other" } } }],
])("opens what %s now, in sight all the time", async (_, trusted, next) => {
  const kept = made();
  await kept.renderModel(model(trusted));
  seen(true);
  vi.advanceTimersByTime(1_000);
  await kept.renderModel(next);
  expect(vi.getTimerCount()).toBe(1);
  vi.advanceTimersByTime(2_999);
  expect(vi.getTimerCount(), "as long as ever, from now").toBe(1);
  vi.advanceTimersByTime(1);
  expect(vi.getTimerCount()).toBe(0);
  kept.dispose();
});

describe("what is kept", () => {
  const CLASS = "conduit-0123456789ab";
  const kept = (...said: string[]): Record<string, unknown> => ({
    "text/plain": ["Chat team", ...said].join("\n\n"),
    "text/html": `<div class="conduit-transcript ${CLASS}" style=""></div>`,
    [KEPT]: { conversation: "team" },
  });
  const written = async (before: object, fresh: object, on = false): Promise<unknown> => {
    const renderer = made();
    let data: unknown = null;
    const setData = (change: { data: unknown }): void => {
      data = change.data;
    };
    await renderer.renderModel({ trusted: true, data: before, setData });
    await keptOutputs().get(CLASS)?.(async () => fresh as Kept, on);
    renderer.dispose();
    expect(keptOutputs().has(CLASS)).toBe(false);
    return data;
  };

  it("is brought up to date, in another page too", async () => {
    const fresh = kept("Ann: one", "Model: two (edited)");
    expect(await written(kept("Ann: one"), fresh)).toEqual(fresh);
    expect(await written(kept("Ann: one", "Model: two"), fresh)).toEqual(fresh);
  });

  it("stays where it says the same, or more of the past", async () => {
    const fresh = kept("3 earlier messages are not shown here.", "Ann: one");
    expect(await written(kept("Ann: zero", "Ann: one"), fresh)).toBeNull();
    expect(await written(kept("Ann: one"), kept("Ann: one"))).toBeNull();
    expect(await written(kept("Ann: one"), kept())).toBeNull();
  });

  it("stays where it is another conversation, or one that may not be read any more", async () => {
    const { [KEPT]: _none, ...withheld } = kept("You were removed.");
    expect(await written(kept("Ann: one"), withheld)).toBeNull();
    expect(await written(kept("Ann: one"), { ...kept("x"), [KEPT]: { conversation: "b" } })).toBeNull();
  });

  it("is gone on with alone where there is no kernel", async () => {
    expect(await written(kept("Ann: one"), kept("Bo: another"), true)).toBeNull();
    const longer = kept("Ann: one", "Bo: two");
    expect(await written(kept("Ann: one"), longer, true)).toEqual(longer);
  });
});
