// What the palette, the launcher and the keyboard offer.
import { text } from "../texts/texts";
import type { NotebookCells } from "./cells/notebook-cells";
import { aboutCell, aboutFailure } from "./cells/quoting";
import { focusKey } from "./focus-key";
import type { Application, CommandArguments, CommandPalette, Launcher } from "./jupyter";
import type { Mentions } from "./mentions";
import type { SidePanel } from "./side-panel";

interface Parts {
  panel: SidePanel;
  /** Null where the page has no notebooks. */
  cells: NotebookCells | null;
  mentions: Mentions;
  palette: CommandPalette | null | undefined;
  launcher: Launcher | null | undefined;
}

type Name = "open" | "focus" | "ask" | "explain" | "insert" | "replace" | "notify";

const PREFIX = "conduit-chat:";

/** A palette that closes gives the focus back to the notebook, after its command has begun: what takes it waits for that. */
const paletteClosed = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

/** Adds all commands, each named in the language of the page. */
export function addCommands(app: Application, { panel, cells, mentions, palette, launcher }: Parts): void {
  const { commands } = app;
  /** Says in the corner of the page why nothing was done. */
  const say = (message: string): void => {
    if (commands.hasCommand("apputils:notify"))
      void commands.execute("apputils:notify", { message, type: "info", options: { autoClose: 5_000 } });
  };
  const shown = async (): ReturnType<SidePanel["chat"]> => {
    await paletteClosed();
    panel.reveal();
    return panel.chat();
  };
  const write = async (words: string): Promise<void> => (await shown()).write(words);
  /** Does something with the newest code of the conversation, or with the one that is given. */
  const withCode = async ({ code }: CommandArguments, act: (code: string) => void): Promise<void> => {
    const found = typeof code === "string" ? code : (await panel.chat()).newestCode();
    if (cells?.language() === null) say(text("lab.noNotebook"));
    else if (found === null) say(text("lab.noCode"));
    else act(found);
  };
  const add = (name: Name, execute: (args: CommandArguments) => unknown, options: object = {}): void => {
    const words = text(`lab.${name}`);
    commands.addCommand(PREFIX + name, {
      // In the palette the category says what it is about; elsewhere the label does.
      label: ({ isPalette, isLauncher }) =>
        isLauncher ? text("lab.chat") : isPalette ? words : text("lab.command", { name: words }),
      execute,
      ...options,
    });
    palette?.addItem({ command: PREFIX + name, category: text("lab.chat"), args: { isPalette: true } });
  };

  add("open", () => panel.reveal(), {
    caption: text("lab.caption"),
    icon: ({ isPalette }: CommandArguments) => (isPalette ? undefined : panel.icon),
  });
  add("focus", async () => (await shown()).focus());
  focusKey(app, `${PREFIX}focus`);
  if (cells) {
    add("ask", async () => {
      const cell = cells.selected();
      if (cell) await write(aboutCell(cell));
      else say(text("lab.noCell"));
    });
    add("explain", async () => {
      const failure = cells.failure();
      if (failure) await write(aboutFailure(failure));
      else say(text("lab.noError"));
    });
    add("insert", (args) => withCode(args, cells.insert));
    add("replace", (args) =>
      withCode(args, (code) => (cells.selected() ? cells.replace(code) : say(text("lab.noCell")))),
    );
  }
  add("notify", () => mentions.toggle(say), { isToggled: mentions.areWanted });
  mentions.onChange(() => commands.notifyCommandChanged(`${PREFIX}notify`));
  launcher?.add({ command: `${PREFIX}open`, category: "Other", rank: 10, args: { isLauncher: true } });
}
