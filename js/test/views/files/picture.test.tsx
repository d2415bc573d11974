// @vitest-environment happy-dom
// Pictures in messages: small at first, in full size when they are pressed.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { keep } from "../../../src/files/fetching";
import { attachmentOf, KernelFiles, shown, withFiles } from "../../support/kernel-files";
import { View } from "../../support/view";

const LARGE = 1024 * 1024 + 1;

let view: View;
let kernel: KernelFiles;
let times = 0;
beforeEach(() => {
  view = new View();
  kernel = new KernelFiles(view);
  vi.stubGlobal("createImageBitmap", async () => ({ width: 40, height: 30, close() {} }));
});
afterEach(() => {
  view.close();
  vi.unstubAllGlobals();
});

const small = (): HTMLButtonElement => view.find<HTMLButtonElement>("button.picture");
const labelled = (label: string): HTMLButtonElement => view.find(`button[aria-label="${label}"]`);

/** Shows a picture of so many bytes, other than any before. */
async function show(bytes: number, name = "a.png"): Promise<ReturnType<typeof attachmentOf>> {
  times += 1;
  const content = new Uint8Array(bytes).fill(times);
  const file = kernel.has(attachmentOf(name, "image/png", content), content);
  await view.live({ messages: [withFiles(1, file)], seq: 1 });
  await shown(view, () => view.find(".attached"));
  return file;
}

describe("a small file", () => {
  it("is fetched by itself and shown under its name", async () => {
    await show(100, "the plan.png");
    await shown(view, () => small());
    expect(small().getAttribute("aria-label")).toBe("Show the plan.png in full size");
    expect(small().querySelector("img")?.alt).toBe("the plan.png");
  });

  it("that does not come is a card that says why, and can be asked for again", async () => {
    kernel.refuses.set("fileRead", "The file is gone.");
    await show(100);
    for (let second = 0; second < 12; second += 1) await view.pass(1_000);
    await shown(view, () => expect(view.text(".file [role=alert]")).toBe("The file is gone."));
    kernel.refuses.clear();
    view.find(".file button.plain").click();
    await shown(view, () => small());
  });

  it("that the browser cannot read is a card that says so and can be saved", async () => {
    vi.stubGlobal("createImageBitmap", async () => Promise.reject(new Error("It is no image.")));
    await show(100);
    await shown(view, () => expect(view.text(".file [role=alert]")).toBe("It is no image."));
    expect(labelled("Download a.png")).not.toBeNull();
  });

  it("that says it is huge is not unpacked", async () => {
    const unpacked = vi.fn();
    vi.stubGlobal("createImageBitmap", unpacked);
    const head = [0x89, ..."PNG\r\n\x1a\n", 0, 0, 0, 13, ..."IHDR", 0, 0, 0xff, 0xff, 0, 0, 0xff, 0xff].map(
      (each) => (typeof each === "string" ? each.charCodeAt(0) : each),
    );
    const content = new Uint8Array(head);
    const file = kernel.has(attachmentOf("bomb.png", "image/png", content), content);
    await view.live({ messages: [withFiles(1, file)], seq: 1 });
    await shown(view, () => expect(view.text(".file [role=alert]")).toContain("too many pixels"));
    expect(unpacked).not.toHaveBeenCalled();
  });
});

describe("a large file", () => {
  it("waits until somebody wants to see it", async () => {
    await show(LARGE);
    expect(kernel.asked).toEqual([]);
    const button = view.find<HTMLButtonElement>(".file button.plain");
    expect(button.textContent).toBe("Show (1 MB)");
    button.click();
    await view.painted();
    await shown(view, () => small());
    expect(kernel.asked).toHaveLength(5);
  });

  it("that this page has anyway is shown at once", async () => {
    const content = new Uint8Array(LARGE).fill(250);
    const file = attachmentOf("mine.png", "image/png", content);
    keep(file, new Blob([content], { type: "image/png" }));
    await view.live({ messages: [withFiles(1, file)], seq: 1 });
    await shown(view, () => small());
    expect(kernel.asked).toEqual([]);
  });
});

describe("in full size", () => {
  beforeEach(async () => {
    await show(100);
    await shown(view, () => small());
    small().click();
    await shown(view, () => view.find("dialog.full"));
  });

  it("it is a dialogue of its own, named after the file", () => {
    const dialog = view.find<HTMLDialogElement>("dialog.full");
    expect([dialog.open, dialog.getAttribute("aria-label")]).toEqual([true, "a.png"]);
    expect(dialog.querySelector("img")?.alt).toBe("a.png");
  });

  it("it can be saved, and closed again", async () => {
    let name = "";
    vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(function (this: HTMLAnchorElement) {
      name = this.download;
    });
    labelled("Download a.png").click();
    await shown(view, () => expect(name).toBe("a.png"));
    labelled("Close").click();
    await shown(view, () => expect(view.root.querySelector("dialog")).toBeNull());
    expect(small().isConnected).toBe(true);
  });
});

it("what cannot be had in full size is said, and the small picture stays", async () => {
  const file = await show(100);
  await shown(view, () => small());
  // Others came since, and there is no room for all of them.
  for (const sha256 of ["large 1", "large 2"]) keep({ ...file, sha256 }, { size: 64 * 1024 * 1024 } as Blob);
  kernel.refuses.set("fileRead", "The file is gone.");
  small().click();
  for (let second = 0; second < 12; second += 1) await view.pass(1_000);
  await shown(view, () => expect(view.text(".attached [role=alert]")).toBe("The file is gone."));
  expect(small().isConnected).toBe(true);
  kernel.refuses.clear();
  small().click();
  await shown(view, () => view.find("dialog.full"));
  expect(view.root.querySelector(".attached [role=alert]")).toBeNull();
});
