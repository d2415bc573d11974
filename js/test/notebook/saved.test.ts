// @vitest-environment happy-dom
import { signal } from "@preact/signals";
import { beforeEach, describe, expect, it } from "vitest";
import { besideSaved, keepOutOfDocuments } from "../../src/notebook/saved";

let host: HTMLElement;
let life: AbortController;

function transcript(): void {
  document.body.innerHTML = '<div class="conduit-transcript conduit-1">said before</div>';
}

beforeEach(() => {
  document.body.innerHTML = "";
  host = document.createElement("div");
  life = new AbortController();
});

describe("a live view beside its saved transcript", () => {
  it("gives way to the transcript while no kernel has answered, and then takes its place", () => {
    transcript();
    const live = signal<unknown>(null);
    besideSaved(host, "conduit-1", live, life.signal);
    expect(host.hidden).toBe(true);
    expect(document.head.textContent).not.toContain("conduit-1");
    live.value = {};
    expect(host.hidden).toBe(false);
    expect(document.head.textContent).toContain(".conduit-1{display:none}");
    life.abort();
    expect(document.head.textContent).not.toContain("conduit-1");
  });

  it("is shown at once where nothing was saved", () => {
    besideSaved(host, "conduit-1", signal(null), life.signal);
    expect(host.hidden).toBe(false);
  });

  it("takes no name that is none", () => {
    besideSaved(host, "x{}body", signal({}), life.signal);
    besideSaved(host, undefined, signal({}), life.signal);
    expect(document.head.textContent).not.toContain("body");
  });
});

describe("what the widget manager saves", () => {
  it("is not the browser part, and the running one hears nothing of it", () => {
    const calls: unknown[][] = [];
    keepOutOfDocuments({ widget_manager: {}, set: (...call) => void calls.push(call) });
    expect(calls).toEqual([["_esm", expect.stringContaining("display = 'none'"), { silent: true }]]);
  });

  it("is left alone where there is no widget manager", () => {
    keepOutOfDocuments({
      set: () => {
        throw new Error("not asked for");
      },
    });
  });
});
