// @vitest-environment happy-dom
// The files of the next message, each on its way up.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { attachingOf } from "../../../src/files/attaching";
import { KernelFiles, shown } from "../../support/kernel-files";
import { press, View } from "../../support/view";

let view: View;
let kernel: KernelFiles;
beforeEach(async () => {
  view = new View();
  kernel = new KernelFiles(view);
  await view.live();
});
afterEach(() => view.close());

const rows = (): HTMLElement[] => [...view.root.querySelectorAll<HTMLElement>(".upload")];
const states = (): (string | undefined)[] => rows().map(({ dataset }) => dataset.state);
const send = (): HTMLButtonElement => view.find<HTMLButtonElement>("button.send");
const labelled = (label: string): HTMLButtonElement =>
  view.find<HTMLButtonElement>(`.upload button[aria-label="${label}"]`);

async function attach(...files: File[]): Promise<void> {
  await view.store.chunks.load("files");
  attachingOf(view.store).add(files);
  await view.painted();
}

it("nothing is shown without files", async () => {
  await view.store.chunks.load("files");
  await view.painted();
  expect(view.root.querySelector(".tray")).toBeNull();
});

describe("a file on its way", () => {
  it("says by name how far it is, and holds the message until the hub has it", async () => {
    view.host.broken = true;
    await attach(new File(["abc"], "a.txt"));
    expect(states()).toEqual(["failed"]);
    view.host.broken = false;
    kernel.refuses.set("filePiece", "wait");
    labelled("Try again").click();
    await shown(view, () => expect(states()).toEqual(["sending"]));
    const bar = view.find<HTMLProgressElement>(".upload progress");
    expect([bar.getAttribute("aria-label"), bar.value]).toEqual(["a.txt: 0 %", 0]);
    expect(view.text(".upload .hint")).toBe("0 bytes of 3 bytes");
    view.type("With this:");
    await view.painted();
    expect(send().disabled).toBe(true);
    press(view.find("textarea"), "Enter");
    expect(view.host.all("send")).toEqual([]);
    kernel.refuses.clear();
    await view.pass(1_000);
    await shown(view, () => expect(states()).toEqual(["done"]));
    expect(send().disabled).toBe(false);
  });

  it("goes with the next message, which needs no words, and with no other", async () => {
    await attach(new File(["abc"], "a.txt"), new File(["d"], "d.txt"));
    await shown(view, () => expect(states()).toEqual(["done", "done"]));
    send().click();
    await view.painted();
    view.type("And now?");
    await view.painted();
    send().click();
    await view.painted();
    expect(view.host.all("send").map(({ text, files }) => [text, files])).toEqual([
      ["", ["up/0", "up/1"]],
      ["And now?", undefined],
    ]);
    expect(view.root.querySelector(".tray")).toBeNull();
  });

  it.each([
    ["", "file"],
    ["<img src=x onerror=alert(1)>.txt", "<img src=x onerror=alert(1)>.txt"],
    ["تقرير نهائي.pdf", "تقرير نهائي.pdf"],
    ["__proto__", "__proto__"],
    ["x".repeat(300), "x".repeat(300)],
  ])("is told by its name %j", async (given, name) => {
    await attach(new File(["abc"], given));
    await shown(view, () => expect(states()).toEqual(["done"]));
    expect(view.text(".upload .name")).toBe(name);
    expect(rows()[0]?.querySelector("button")?.getAttribute("aria-label")).toBe(`Remove ${name}`);
    expect([...kernel.arrived.values()].map((each) => each.name)).toEqual([name]);
  });

  it("may be empty", async () => {
    await attach(new File([], "empty.txt"));
    await shown(view, () => expect(states()).toEqual(["done"]));
    expect(view.text(".upload .hint")).toBe("0 bytes");
  });
});

describe("a file that fails", () => {
  it("says why, aloud, and holds the message until it is tried again or taken away", async () => {
    kernel.refuses.set("fileBegin", "name: must not be empty");
    await attach(new File(["abc"], "a.txt"));
    await shown(view, () => expect(states()).toEqual(["failed"]));
    const hint = view.find(".upload .hint");
    expect([hint.textContent, hint.getAttribute("role")]).toEqual([
      "Not sent: name: must not be empty",
      "alert",
    ]);
    expect(view.root.querySelector(".upload progress")).toBeNull();
    expect(send().disabled).toBe(true);
    kernel.refuses.clear();
    labelled("Try again").click();
    await shown(view, () => expect(states()).toEqual(["done"]));
    expect(view.root.querySelector('.upload [role="alert"]')).toBeNull();
    expect(send().disabled).toBe(false);
  });

  it("goes on after a failure on the way, and is given up after some", async () => {
    kernel.refuses.set("filePiece", "the hub is away");
    await attach(new File(["abc"], "a.txt"));
    for (let second = 0; second < 20; second += 1) await view.pass(1_000);
    await shown(view, () => expect(states()).toEqual(["failed"]));
    expect(view.text(".upload .hint")).toBe("Not sent: the hub is away");
    expect(kernel.asked.filter((kind) => kind === "filePiece")).toHaveLength(5);
  });

  it("taken away lets the message go without it", async () => {
    kernel.refuses.set("fileBegin", "no");
    await attach(new File(["abc"], "a.txt"));
    await shown(view, () => expect(states()).toEqual(["failed"]));
    view.type("Never mind.");
    labelled("Cancel a.txt").click();
    await view.painted();
    expect([rows().length, send().disabled]).toEqual([0, false]);
    send().click();
    expect(view.host.all("send").map(({ text, files }) => [text, files])).toEqual([
      ["Never mind.", undefined],
    ]);
  });
});

describe("a file that is taken away", () => {
  it("on its way is forgotten on the hub", async () => {
    kernel.refuses.set("filePiece", "wait");
    await attach(new File(["abc"], "a.txt"));
    await shown(view, () => expect(kernel.asked).toContain("filePiece"));
    labelled("Cancel a.txt").click();
    await shown(view, () => expect(kernel.forgotten).toEqual(["up/0"]));
    expect(rows()).toEqual([]);
  });

  it("of several leaves the others, in their order", async () => {
    await attach(...["a", "b", "c"].map((name) => new File([name], `${name}.txt`)));
    await shown(view, () => expect(states()).toEqual(["done", "done", "done"]));
    labelled("Remove b.txt").click();
    await view.painted();
    send().click();
    expect(view.host.all("send")[0]?.files).toEqual(["up/0", "up/2"]);
  });
});

describe("a picture", () => {
  afterEach(() => vi.unstubAllGlobals());

  it("is shown small, and its address is given back when the row goes", async () => {
    const close = vi.fn();
    vi.stubGlobal("createImageBitmap", async () => ({ width: 10, height: 10, close }));
    const revoked = vi.spyOn(URL, "revokeObjectURL");
    await attach(new File(["x"], "a.png", { type: "image/png" }));
    await shown(view, () => expect(view.root.querySelector("img.small")).not.toBeNull());
    const image = view.find<HTMLImageElement>("img.small");
    expect([image.alt, close.mock.calls.length]).toEqual(["", 1]);
    await shown(view, () => expect(states()).toEqual(["done"]));
    labelled("Remove a.png").click();
    await view.painted();
    expect(revoked).toHaveBeenCalledWith(image.src);
  });

  it("that cannot be drawn has the sign of its kind", async () => {
    vi.stubGlobal("createImageBitmap", async () => Promise.reject(new Error("no picture")));
    await attach(new File(["x"], "a.png", { type: "image/png" }));
    await shown(view, () => expect(states()).toEqual(["done"]));
    expect(view.root.querySelector(".upload img")).toBeNull();
    expect(view.find(".upload .sign").getAttribute("aria-hidden")).toBe("true");
  });
});
