// The plugin: the panel, its commands, and what else of the page speaks of the chat.
import { offerCells } from "../notebook/cells";
import { text } from "../texts/texts";
import type { confirmDifference as Confirming, DialogModule } from "./cells/difference";
import type { NotebookModule, NotebookTracker } from "./cells/notebook";
import { type Confirm, notebookCells } from "./cells/notebook-cells";
import { addCommands } from "./commands";
import type {
  Application,
  CommandPalette,
  IconModule,
  Launcher,
  LayoutRestorer,
  Plugin,
  RenderMimeRegistry,
  SettingRegistry,
  StatusBar,
  Translator,
  WidgetModule,
} from "./jupyter";
import { showKept } from "./kept";
import { mentionSetting } from "./mentions";
import { notebookInSight } from "./notebook-in-sight";
import { pluginSettings } from "./settings";
import { type SharedScope, shared } from "./shared-scope";
import { sidePanel } from "./side-panel";
import { statusItem } from "./status-item";
import { speakLanguage } from "./texts";

const ID = "conduit_widget:plugin";
/** The services that it can use: each by the package that exports its token. Notebook lacks some of them. */
const SERVICES = {
  ICommandPalette: "@jupyterlab/apputils",
  ILauncher: "@jupyterlab/launcher",
  ILayoutRestorer: "@jupyterlab/application",
  INotebookTracker: "@jupyterlab/notebook",
  IRenderMimeRegistry: "@jupyterlab/rendermime",
  ISettingRegistry: "@jupyterlab/settingregistry",
  IStatusBar: "@jupyterlab/statusbar",
  ITranslator: "@jupyterlab/translation",
} as const;

type ServiceName = keyof typeof SERVICES;

interface Services {
  ICommandPalette?: CommandPalette | null;
  ILauncher?: Launcher | null;
  ILayoutRestorer?: LayoutRestorer | null;
  INotebookTracker?: NotebookTracker | null;
  IRenderMimeRegistry?: RenderMimeRegistry | null;
  ISettingRegistry?: SettingRegistry | null;
  IStatusBar?: StatusBar | null;
  ITranslator?: Translator | null;
}

/** Makes the plugin; `here` is the address of the script that holds it. */
export async function chatPlugin(scope: SharedScope, here: string): Promise<Plugin> {
  const widgets = await shared<WidgetModule>(scope, "@lumino/widgets");
  const icons = await shared<IconModule>(scope, "@jupyterlab/ui-components");
  const notebooks = await shared<NotebookModule>(scope, "@jupyterlab/notebook");
  if (!widgets || !icons) throw new Error("this page shares no widgets with extensions");
  const tokens: [ServiceName, object][] = [];
  for (const [name, home] of Object.entries(SERVICES) as [ServiceName, string][]) {
    const token = (await shared<Record<string, object>>(scope, home))?.[name];
    if (token) tokens.push([name, token]);
  }
  return {
    id: ID,
    description: "A live chat beside the notebooks.",
    autoStart: true,
    optional: tokens.map(([, token]) => token),
    activate(app, ...found) {
      const services: Services = Object.fromEntries(tokens.map(([name], index) => [name, found[index]]));
      try {
        activate(app, services, { scope, widgets, icons, notebooks, here });
      } catch (error) {
        // biome-ignore lint/suspicious/noConsole: the page goes on without the chat
        console.warn(`${ID}: ${error}`);
      }
    },
  };
}

interface Page {
  scope: SharedScope;
  widgets: WidgetModule;
  icons: IconModule;
  /** Null where the page has no notebooks. */
  notebooks: NotebookModule | null;
  here: string;
}

function activate(app: Application, services: Services, { widgets, icons, here, ...page }: Page): void {
  const chosen = services.ITranslator?.languageCode ?? "";
  // Whoever has chosen no language for the page may have one for the browser.
  speakLanguage(chosen === "en" ? "" : chosen);
  const settings = pluginSettings(services.ISettingRegistry, ID);
  const mentions = mentionSetting(settings);
  const tracker = services.INotebookTracker;
  const notebook = notebookInSight(tracker);
  const panel = sidePanel(app, { widgets, icons, here, settings, mentions, notebook });
  services.ILayoutRestorer?.add(panel.widget, panel.widget.id);
  app.shell.add(panel.widget, "right", { rank: 900 });
  const cells =
    tracker && page.notebooks
      ? notebookCells(tracker, page.notebooks.NotebookActions, replacing(page.scope, widgets, here))
      : null;
  if (cells) offerCells(cells);
  const { serverSettings: server } = app.serviceManager;
  if (services.IRenderMimeRegistry) showKept(services.IRenderMimeRegistry, { widgets, server, here });
  const { ICommandPalette: palette, ILauncher: launcher } = services;
  addCommands(app, { panel, cells, mentions, palette, launcher });
  services.IStatusBar?.registerStatusItem(`${ID}:status`, {
    item: statusItem(widgets, panel),
    align: "right",
    rank: 20,
  });
  // Notebook restores no layout: each of its pages begins with closed sides.
  app.restored.then(() => panel.goOn(!services.ILayoutRestorer));
}

/** Asks in a dialog, which is fetched with the first question. */
function replacing(scope: SharedScope, widgets: WidgetModule, here: string): Confirm {
  return async (before, after) => {
    const url = new URL("difference.js?v=%conduit-build%", here).href;
    const dialogs = await shared<DialogModule>(scope, "@jupyterlab/apputils");
    const { confirmDifference } = (await import(/* @vite-ignore */ url)) as {
      confirmDifference: typeof Confirming;
    };
    return dialogs !== null && confirmDifference(before, after, dialogs, widgets, text);
  };
}
