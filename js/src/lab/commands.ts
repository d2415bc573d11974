// What the palette, the launcher and the keyboard offer.
import { text } from "../texts/texts";
import type { Application, CommandArguments, CommandPalette, Launcher } from "./jupyter";
import type { SidePanel } from "./side-panel";

export const COMMANDS = { open: "conduit-chat:open", focus: "conduit-chat:focus" } as const;

/** In the palette the category says what it is about; elsewhere the label does. */
function labelled(name: string): (args: CommandArguments) => string {
  return ({ isPalette, isLauncher }) =>
    isLauncher ? text("lab.chat") : isPalette ? name : text("lab.command", { name });
}

export function addCommands(
  { commands }: Application,
  panel: SidePanel,
  palette: CommandPalette | null | undefined,
  launcher: Launcher | null | undefined,
): void {
  commands.addCommand(COMMANDS.open, {
    label: labelled(text("lab.open")),
    caption: text("lab.caption"),
    icon: ({ isPalette }) => (isPalette ? undefined : panel.icon),
    execute: () => panel.reveal(),
  });
  commands.addCommand(COMMANDS.focus, {
    label: labelled(text("lab.focus")),
    execute: async () => {
      panel.reveal();
      (await panel.chat()).focus();
    },
  });
  for (const command of Object.values(COMMANDS))
    palette?.addItem({ command, category: text("lab.chat"), args: { isPalette: true } });
  launcher?.add({ command: COMMANDS.open, category: "Other", rank: 10, args: { isLauncher: true } });
}
