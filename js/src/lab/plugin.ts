// The plugin: the panel, its commands, and what else of the page speaks of the chat.
import { addCommands } from "./commands";
import type {
  Application,
  CommandPalette,
  IconModule,
  Launcher,
  LayoutRestorer,
  Plugin,
  SettingRegistry,
  Translator,
  WidgetModule,
} from "./jupyter";
import { pluginSettings } from "./settings";
import { type SharedScope, shared } from "./shared-scope";
import { sidePanel } from "./side-panel";
import { speakLanguage } from "./texts";

const ID = "conduit_widget:plugin";
/** The services that it can use: each by the package that exports its token. Notebook lacks some of them. */
const SERVICES = {
  ICommandPalette: "@jupyterlab/apputils",
  ILauncher: "@jupyterlab/launcher",
  ILayoutRestorer: "@jupyterlab/application",
  ISettingRegistry: "@jupyterlab/settingregistry",
  ITranslator: "@jupyterlab/translation",
} as const;

type ServiceName = keyof typeof SERVICES;

interface Services {
  ICommandPalette?: CommandPalette | null;
  ILauncher?: Launcher | null;
  ILayoutRestorer?: LayoutRestorer | null;
  ISettingRegistry?: SettingRegistry | null;
  ITranslator?: Translator | null;
}

/** Makes the plugin; `here` is the address of the script that holds it. */
export async function chatPlugin(scope: SharedScope, here: string): Promise<Plugin> {
  const widgets = await shared<WidgetModule>(scope, "@lumino/widgets");
  const icons = await shared<IconModule>(scope, "@jupyterlab/ui-components");
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
        activate(app, services, { widgets, icons, here });
      } catch (error) {
        // biome-ignore lint/suspicious/noConsole: the page goes on without the chat
        console.warn(`${ID}: ${error}`);
      }
    },
  };
}

interface Parts {
  widgets: WidgetModule;
  icons: IconModule;
  here: string;
}

function activate(app: Application, services: Services, { widgets, icons, here }: Parts): void {
  const language = services.ITranslator?.languageCode ?? "";
  // Whoever has chosen no language for the page may have one for the browser.
  speakLanguage(language === "en" ? "" : language);
  const settings = pluginSettings(services.ISettingRegistry, ID);
  const panel = sidePanel(app, { widgets, icons, here, settings });
  services.ILayoutRestorer?.add(panel.widget, panel.widget.id);
  app.shell.add(panel.widget, "right", { rank: 900 });
  addCommands(app, panel, services.ICommandPalette, services.ILauncher);
  app.restored.then(panel.goOn);
}
