// @vitest-environment happy-dom
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ConversationSettings } from "../../../src/contract";
import type { ViewMessage } from "../../../src/kernel/messages";
import { press, View } from "../../support/view";

const SETTINGS: ConversationSettings = {
  ...{ conversationId: "team", visibility: "open", assistant: "always", title: "Our plans", role: "owner" },
};

let view: View;
beforeEach(async () => {
  view = new View();
  await view.live({ conversation: SETTINGS });
  press(view.type("/export"), "Enter");
  await view.painted();
});
afterEach(() => {
  view.close();
});

type Asked = Extract<ViewMessage, { requestId: string }>;

const formats = (): HTMLButtonElement[] => [...view.root.querySelectorAll<HTMLButtonElement>(".formats .go")];
const asked = (): Asked[] => view.host.all("export") as Asked[];

describe("the export", () => {
  it("offers every format, and the first has the focus", () => {
    expect(view.find(".sheet").getAttribute("aria-label")).toBe("Export and import");
    expect(formats().map((each) => each.querySelector(".name")?.textContent)).toEqual([
      ...["Markdown", "JSON", "HTML", "Notebook"],
    ]);
    expect(view.root.activeElement).toBe(formats()[0]);
  });

  it("says that it collects, and hands over the file with its text", async () => {
    const saved: [string, Blob][] = [];
    let blob = new Blob();
    const address = vi.spyOn(URL, "createObjectURL").mockImplementation((each) => {
      blob = each as Blob;
      return "blob:file";
    });
    const click = vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(function (
      this: HTMLAnchorElement,
    ) {
      saved.push([this.download, blob]);
    });
    formats()[3]?.click();
    await view.painted();
    expect(asked()).toMatchObject([{ format: "ipynb" }]);
    expect(view.text(".files [role=status]")).toBe("Collecting the messages of “Our plans”…");
    formats()[0]?.click();
    await view.painted();
    expect(asked(), "one at a time").toHaveLength(1);
    const result = { name: "Our-plans.ipynb", text: "{}" };
    await view.hear({ kind: "reply", requestId: asked()[0]?.requestId ?? "", ok: true, result });
    expect(saved.map(([name]) => name)).toEqual(["Our-plans.ipynb"]);
    expect(await saved[0]?.[1].text()).toBe("{}");
    expect(view.text(".files [role=status]")).toContain("Our-plans.ipynb");
    address.mockRestore();
    click.mockRestore();
  });

  it("says why there is none", async () => {
    formats()[1]?.click();
    await view.painted();
    const requestId = asked()[0]?.requestId ?? "";
    await view.hear({ kind: "reply", requestId, ok: false, error: { message: "The hub is out of reach." } });
    expect(view.text(".files .wrong")).toBe("The hub is out of reach.");
  });
});
