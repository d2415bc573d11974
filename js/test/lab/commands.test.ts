// @vitest-environment happy-dom
// What JupyterLab's palette, launcher and keyboard offer, and what each of it does.
import { beforeEach, describe, expect, it } from "vitest";
import { addCommands } from "../../src/lab/commands";
import type { CommandArguments } from "../../src/lab/jupyter";
import { speakLanguage } from "../../src/lab/texts";
import { type PlainKey, text } from "../../src/texts/texts";

interface Command {
  label(args: CommandArguments): string;
  execute(args: CommandArguments): unknown;
  icon?(args: CommandArguments): unknown;
  isToggled?(): boolean;
}

const CELL = { source: "1 / 0", language: "python", count: 3, notebook: "work/plan.ipynb" };

let commands: Map<string, Command>;
let palette: { command: string; category: string; args?: object }[];
let launcher: { command: string }[];
let said: unknown[];
let done: unknown[];
let language: string | null;
let selected: object | null;
let failure: object | null;
let newest: string | null;
let notifies: boolean;
let changed: string[];
let onChange = (): void => {};

beforeEach(() => {
  speakLanguage("en");
  [commands, palette, launcher, said, done, changed] = [new Map(), [], [], [], [], []];
  [language, selected, failure, newest, notifies] = ["python", CELL, null, "print(1)", true];
});

function add({ cells = true, notify = true } = {}): void {
  const chat = {
    write: (words: string) => done.push(["write", words]),
    focus: () => done.push(["focus"]),
    newestCode: () => newest,
  };
  const app = {
    commands: {
      addCommand: (name: string, command: Command) => commands.set(name, command),
      hasCommand: () => notify,
      execute: async (name: string, args: { message: string }) => said.push([name, args.message]),
      notifyCommandChanged: (name: string) => changed.push(name),
    },
  };
  addCommands(app as never, {
    panel: { reveal: () => done.push(["reveal"]), chat: async () => chat, icon: "the icon" } as never,
    cells: cells
      ? ({
          language: () => language,
          selected: () => selected,
          failure: () => failure,
          insert: (code: string) => done.push(["insert", code]),
          replace: (code: string) => done.push(["replace", code]),
        } as never)
      : null,
    mentions: {
      toggle: (say: (words: string) => void) => say("toggled"),
      areWanted: () => notifies,
      onChange: (changed: () => void) => {
        onChange = changed;
      },
    } as never,
    palette: { addItem: (item: (typeof palette)[number]) => void palette.push(item) } as never,
    launcher: { add: (item: (typeof launcher)[number]) => void launcher.push(item) } as never,
  });
}

async function run(name: string, args: CommandArguments = {}): Promise<void> {
  await commands.get(`conduit-chat:${name}`)?.execute(args);
}

const ALL = ["open", "focus", "ask", "explain", "insert", "replace", "notify"];

describe("what is offered", () => {
  it.each([
    [true, ALL],
    [false, ["open", "focus", "notify"]],
  ])("with notebooks (%s) is %j, all of it in the palette", (cells, names) => {
    add({ cells });
    expect([...commands.keys()]).toEqual(names.map((name) => `conduit-chat:${name}`));
    expect(palette.map(({ command }) => command)).toEqual([...commands.keys()]);
    expect(new Set(palette.map(({ category }) => category))).toEqual(new Set([text("lab.chat")]));
    expect(launcher.map(({ command }) => command)).toEqual(["conduit-chat:open"]);
  });

  it("is named after what it does; what it is about is said where no category does", () => {
    add();
    const { label, icon } = commands.get("conduit-chat:open") as Command;
    expect([label({ isPalette: true }), label({ isLauncher: true })]).toEqual([
      text("lab.open"),
      text("lab.chat"),
    ]);
    expect(label({})).toBe(text("lab.command", { name: text("lab.open") }));
    expect([icon?.({ isPalette: true }), icon?.({ isLauncher: true })]).toEqual([undefined, "the icon"]);
  });

  it("speaks the language of the page", () => {
    speakLanguage("de");
    add();
    const german = commands.get("conduit-chat:ask")?.label({ isPalette: true });
    speakLanguage("en");
    expect(german).not.toBe(text("lab.ask"));
  });
});

describe("the chat", () => {
  beforeEach(() => add());

  it("is opened, or opened and given the focus once the palette has let go of it", async () => {
    await run("open");
    expect(done.splice(0)).toEqual([["reveal"]]);
    const focusing = run("focus");
    expect(done).toEqual([]);
    await focusing;
    expect(done).toEqual([["reveal"], ["focus"]]);
  });

  it("is asked about the cell that is selected", async () => {
    await run("ask");
    expect(done[0]).toEqual(["reveal"]);
    expect(done[1]).toEqual(["write", expect.stringContaining("1 / 0")]);
  });

  it.each([
    ["ask", "lab.noCell", () => (selected = null)],
    ["explain", "lab.noError", () => {}],
    ["insert", "lab.noCode", () => (newest = null)],
    ["insert", "lab.noNotebook", () => (language = null)],
    ["replace", "lab.noCode", () => (newest = null)],
    ["replace", "lab.noNotebook", () => (language = null)],
    ["replace", "lab.noCell", () => (selected = null)],
  ] as [string, PlainKey, () => unknown][])("%s says why it does nothing: %s", async (name, key, given) => {
    given();
    await run(name);
    expect(said).toEqual([["apputils:notify", text(key)]]);
    expect(done).toEqual([]);
  });

  it.each(["insert", "replace"])("gives its newest code to a cell: %s", async (name) => {
    await run(name);
    await run(name, { code: "given" } as CommandArguments);
    expect(done).toEqual([
      [name, "print(1)"],
      [name, "given"],
    ]);
  });

  it.each([[7], [null], [{}]])("takes no code that is no text: %j", async (code) => {
    await run("insert", { code } as CommandArguments);
    expect(done).toEqual([["insert", "print(1)"]]);
  });
});

it("a page without messages in its corner says nothing, and nothing fails", async () => {
  add({ notify: false });
  selected = null;
  await run("ask");
  expect([said, done]).toEqual([[], []]);
});

it("whether mentions are told is switched, and seen as switched", async () => {
  add();
  expect(commands.get("conduit-chat:notify")?.isToggled?.()).toBe(true);
  await run("notify");
  expect(said).toEqual([["apputils:notify", "toggled"]]);
  notifies = false;
  onChange();
  expect(changed).toEqual(["conduit-chat:notify"]);
  expect(commands.get("conduit-chat:notify")?.isToggled?.()).toBe(false);
});
