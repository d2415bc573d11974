// @vitest-environment happy-dom
// The files of a message that are no pictures: cards, with what can be done with each.
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Attachment } from "../../../src/files/attachment";
import { attachmentOf, KernelFiles, shown, withFiles } from "../../support/kernel-files";
import { View } from "../../support/view";

let view: View;
let kernel: KernelFiles;
let saved: { name: string; href: string }[];
beforeEach(() => {
  view = new View();
  kernel = new KernelFiles(view);
  saved = [];
  vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(function (this: HTMLAnchorElement) {
    saved.push({ name: this.download, href: this.href });
  });
});
afterEach(() => view.close());

const card = (): HTMLElement => view.find(".attached .file");
const labels = (): string[] =>
  [...card().querySelectorAll("button")].map((each) => each.getAttribute("aria-label") ?? each.textContent);

let times = 0;

/** Shows a message of Bo's with one file; its content differs each time, since what was fetched is kept. */
async function show(name: string, mediaType: string, content: string | Uint8Array): Promise<Attachment> {
  const file = kernel.has(attachmentOf(name, mediaType, content), content);
  await view.live({ messages: [withFiles(1, file)], seq: 1 });
  await shown(view, () => card());
  return file;
}

function unique(words: string): string {
  times += 1;
  return `${words} ${times}`;
}

async function press(label: string): Promise<void> {
  const button = [...card().querySelectorAll("button")].find(
    (each) => (each.getAttribute("aria-label") ?? each.textContent) === label,
  );
  if (!button) throw new Error(`no button "${label}" among ${labels().join(", ")}`);
  button.click();
  await view.painted();
}

describe("the list", () => {
  it("names itself, and leaves out what is no file", async () => {
    const good = attachmentOf("a.bin", "application/octet-stream", "a");
    const messages = [withFiles(1, good, { id: "only" }, { ...good, id: 7 }, { ...good, size: -0.5 })];
    await view.live({ messages, seq: 1 });
    await shown(view, () => expect(view.root.querySelectorAll(".attached li")).toHaveLength(1));
    expect(view.find(".attached").getAttribute("aria-label")).toBe("Attached files");
  });

  it("is not there where no attachment is a file", async () => {
    await view.live({ messages: [withFiles(1, {}, { name: "x" })], seq: 1 });
    await shown(view, () => expect(view.text(".message")).toContain("See these."));
    expect(view.root.querySelector(".attached")).toBeNull();
  });

  it.each([
    ["tune.ogg", "audio/ogg", "audio", ["Play (1 byte)", "Download tune.ogg"]],
    ["film.webm", "video/webm", "video", ["Play (1 byte)", "Download film.webm"]],
    ["a.csv", "text/csv", "table", ["Preview", "Download a.csv"]],
    ["a.py", "text/x-python", "text", ["Preview", "Download a.py"]],
    ["a.ipynb", "application/x-ipynb+json", "text", ["Preview", "Download a.ipynb"]],
    ["a.pdf", "application/pdf", "pdf", ["Open", "Download a.pdf"]],
    // What could run in the page is never shown in it.
    ["a.svg", "image/svg+xml", "other", ["Download a.svg"]],
    ["a.js", "application/javascript", "other", ["Download a.js"]],
    ["a", "constructor", "other", ["Download a"]],
    ["a", "__proto__", "other", ["Download a"]],
    ["תמונה.zip", "application/zip", "other", ["Download תמונה.zip"]],
  ])("offers for %s of type %s what its kind allows", async (name, mediaType, kind, offered) => {
    await show(name, mediaType, "x");
    expect(view.find(".attached li").dataset.kind).toBe(kind);
    expect(labels()).toEqual(offered);
    expect(view.text(".file .name")).toBe(name);
    expect(view.text(".file .hint")).toBe("1 byte");
  });
});

describe("saving", () => {
  it("hands the whole file to the browser under its name, as bytes that nothing opens", async () => {
    const content = unique("content");
    await show("report.html", "text/html", content);
    const made = vi.spyOn(URL, "createObjectURL");
    await press("Download report.html");
    await shown(view, () => expect(saved.map(({ name }) => name)).toEqual(["report.html"]));
    const [blob] = made.mock.calls.at(-1) as [Blob];
    expect([await blob.text(), blob.type]).toEqual([content, "application/octet-stream"]);
  });

  it("asks the kernel once, and then has it", async () => {
    await show("a.bin", "application/octet-stream", unique("kept"));
    await press("Download a.bin");
    await shown(view, () => expect(saved).toHaveLength(1));
    await press("Download a.bin");
    await shown(view, () => expect(saved).toHaveLength(2));
    expect(kernel.asked).toEqual(["fileRead"]);
  });

  it("says what is wrong once it has been tried some times", async () => {
    kernel.refuses.set("fileRead", "The file is gone.");
    await show("a.bin", "application/octet-stream", unique("gone"));
    await press("Download a.bin");
    expect(view.find(".file button").getAttribute("aria-busy")).toBe("true");
    expect(view.text(".file .hint")).toBe("Loading… 0 %");
    for (let second = 0; second < 12; second += 1) await view.pass(1_000);
    await shown(view, () => expect(view.text(".file [role=alert]")).toBe("The file is gone."));
    expect([saved.length, kernel.asked.length]).toEqual([0, 4]);
    expect(view.find(".file button").getAttribute("aria-busy")).toBe("false");
    // It may be tried again, and then all is well.
    kernel.refuses.clear();
    await press("Download a.bin");
    await shown(view, () => expect(saved).toHaveLength(1));
    expect(view.root.querySelector(".file [role=alert]")).toBeNull();
  });

  it("refuses what is not what the hub named", async () => {
    const file = await show("a.bin", "application/octet-stream", unique("right"));
    kernel.has(file, "x".repeat(file.size));
    await press("Download a.bin");
    await shown(view, () => expect(view.text(".file [role=alert]")).toBe("a.bin came damaged; try again."));
    expect(saved).toEqual([]);
  });

  it("is asked for once however often it is pressed while it comes", async () => {
    kernel.refuses.set("fileRead", "later");
    await show("a.bin", "application/octet-stream", unique("pressed"));
    for (let time = 0; time < 3; time += 1) await press("Download a.bin");
    expect(kernel.asked).toEqual(["fileRead"]);
  });
});

describe("a preview", () => {
  const open = async (): Promise<void> => {
    await press("Preview");
    await shown(view, () => expect(view.find(".beginning").getAttribute("aria-busy")).toBe("false"));
  };

  it("shows a text as it is written, and folds again", async () => {
    await show("a.html", "text/html", "<script>alert(1)</script>\n‮שלום");
    await open();
    expect(view.text(".beginning pre")).toBe("<script>alert(1)</script>\n‮שלום");
    expect(view.root.querySelector(".beginning script")).toBeNull();
    expect(view.root.querySelector(".beginning .hint")).toBeNull();
    expect(card().querySelector("[aria-expanded]")?.getAttribute("aria-expanded")).toBe("true");
    await press("Hide");
    expect(view.root.querySelector(".beginning")).toBeNull();
  });

  it("shows how a long text begins, and says that it goes on", async () => {
    await show("long.txt", "text/plain", "x".repeat(300_000));
    await open();
    expect(view.text(".beginning pre")).toHaveLength(20_000);
    expect(view.text(".beginning .hint")).toBe("The file goes on: this is its beginning.");
    expect(kernel.asked).toEqual(["fileRead"]);
  });

  it("of nothing is empty, and asks for nothing", async () => {
    await show("empty.txt", "text/plain", "");
    await open();
    expect(view.text(".beginning pre")).toBe("");
    expect(kernel.asked).toEqual([]);
  });

  it("shows a notebook by its cells", async () => {
    const cells = [{ cell_type: "code", source: ["1 +", " 1"], outputs: [{ text: "2" }] }];
    await show("a.ipynb", "application/x-ipynb+json", JSON.stringify({ cells }));
    await open();
    expect(view.text(".beginning pre")).toBe("In: 1 + 1");
  });

  it("shows a table with heads for its columns", async () => {
    await show("a.csv", "text/csv", "name,n\nA,1\n<b>,2\n");
    await open();
    const table = view.find<HTMLTableElement>(".beginning table");
    expect(table.getAttribute("aria-label")).toBe("First rows");
    expect([...table.querySelectorAll("th")].map((each) => [each.textContent, each.scope])).toEqual([
      ["name", "col"],
      ["n", "col"],
    ]);
    expect([...table.querySelectorAll("td")].map((each) => each.textContent)).toEqual(["A", "1", "<b>", "2"]);
  });

  it.each([
    ["all of it", "a,b\n1,2\n", false],
    ["all of it, without a last line break", "a,b\n1,2", false],
    ["only its first rows", `a,b\n${"1,2\n".repeat(20)}`, true],
    ["only its first columns", `${"a,".repeat(20)}a\n`, true],
  ])("of a table says whether there is more: here it shows %s", async (_, content, goesOn) => {
    await show("t.csv", "text/csv", content);
    await open();
    expect(view.root.querySelector(".beginning .hint") !== null).toBe(goesOn);
  });

  it("keeps columns and rows that are called alike, and cells that are missing or too many", async () => {
    await show("a.tsv", "text/tab-separated-values", "a\ta\n1\t2\t3\n1\n");
    await open();
    const cells = [...view.root.querySelectorAll(".beginning tbody tr")].map((row) =>
      [...row.children].map((cell) => cell.textContent),
    );
    expect(cells).toEqual([["1", "2", "3"], ["1"]]);
  });

  it("of a table that is no text asks the kernel for its rows", async () => {
    kernel.rows = [["a"], ["1"]];
    await show("a.parquet", "application/vnd.apache.parquet", "PAR1");
    await open();
    expect([...view.root.querySelectorAll(".beginning th, .beginning td")].map((c) => c.textContent)).toEqual(
      ["a", "1"],
    );
    expect(kernel.asked).toEqual(["fileRows"]);
  });

  it("says why it cannot be shown", async () => {
    kernel.refuses.set("fileRows", "Install pyarrow to see the rows.");
    await show("a.parquet", "application/vnd.apache.parquet", "PAR1");
    await press("Preview");
    await shown(view, () => expect(view.text(".file [role=alert]")).toBe("Install pyarrow to see the rows."));
  });
});

describe("a recording", () => {
  it.each([
    ["audio", "tune.ogg", "audio/ogg"],
    ["video", "film.webm", "video/webm"],
  ])("is fetched when it is to be played, and has the browser's own %s player", async (tag, name, type) => {
    await show(name, type, "sound of one byte"); // 17 bytes
    expect(kernel.asked).toEqual([]);
    await press("Play (17 bytes)");
    await shown(view, () => expect(card().querySelector(tag)).not.toBeNull());
    const player = card().querySelector(tag) as HTMLMediaElement;
    expect([player.hasAttribute("controls"), player.src.startsWith("blob:")]).toEqual([true, true]);
    expect(labels()).toEqual([`Download ${name}`]);
    const revoked = vi.spyOn(URL, "revokeObjectURL");
    view.close();
    await view.painted();
    expect(revoked).toHaveBeenCalledWith(player.src);
  });
});

it("a PDF opens in a tab of its own, which cannot reach the notebook", async () => {
  const opened = vi.spyOn(window, "open").mockReturnValue(null);
  const made = vi.spyOn(URL, "createObjectURL");
  await show("a.pdf", "application/pdf", unique("%PDF"));
  await press("Open");
  await shown(view, () => expect(opened).toHaveBeenCalledOnce());
  const [url, target, features] = opened.mock.calls[0] ?? [];
  expect([String(url).startsWith("blob:"), target, features]).toEqual([true, "_blank", "noopener"]);
  expect((made.mock.calls.at(-1) as [Blob])[0].type).toBe("application/pdf");
});
