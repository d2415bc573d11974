// The panel at the side of the page. What it shows is fetched when it first comes into sight.
import { language, text } from "../texts/texts";
import type { Application, IconModule, LabIcon, LuminoWidget, WidgetModule } from "./jupyter";
import type { Mentions } from "./mentions";
import type { NotebookInSight } from "./notebook-in-sight";
import type { News } from "./panel/news";
import type { openPanel, Panel } from "./panel/panel";
import { remembered } from "./remembered";
import type { Settings } from "./settings";

export const PANEL_ID = "conduit-chat";

const ICON = `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24"><path class="jp-icon3" fill="#616161"
 d="M4 4h16a2 2 0 0 1 2 2v10a2 2 0 0 1-2 2h-8l-5.2 4.1A.5.5 0 0 1 6 21.7V18H4a2 2 0 0 1-2-2V6a2 2 0 0 1 2-2Zm3 5v1.6h10V9H7Zm0
 3.2v1.6h7v-1.6H7Z"/></svg>`;

/**
 * A chat needs some room: JupyterLab gives each panel what it asks for, Notebook (whose body says what page it is) the
 * whole side. And the tab's mark when something is unread.
 */
const STYLE =
  "body:not([data-notebook]) #conduit-chat,body[data-notebook] #jp-right-stack{min-width:300px}.conduit-unread .lm-TabBar-tabIcon{position:relative}.conduit-unread .lm-TabBar-tabIcon::after{position:absolute;top:-2px;right:-2px;width:8px;height:8px;border-radius:50%;background:var(--jp-brand-color1);content:''}";

export interface SidePanel {
  readonly widget: LuminoWidget;
  readonly icon: LabIcon;
  /** Brings it into sight. */
  reveal(): void;
  /** The chat, fetched if need be. */
  chat(): Promise<Panel>;
  /** Fetches the chat if the panel was in use before; where nobody else restores the page's layout, opens it if it was. */
  goOn(restoresItself: boolean): void;
  onNews(listener: (news: News) => void): void;
}

interface Parts {
  widgets: WidgetModule;
  icons: IconModule;
  settings: Settings;
  mentions: Mentions;
  notebook: NotebookInSight;
  /** The address of this script. */
  here: string;
}

export function sidePanel(
  app: Application,
  { widgets, icons, settings, mentions, notebook, here }: Parts,
): SidePanel {
  const icon = new icons.LabIcon({ name: "conduit_widget:chat", svgstr: ICON });
  const widget = new widgets.Widget();
  widget.id = PANEL_ID;
  widget.title.icon = icon;
  widget.title.caption = text("lab.chat");
  widget.node.setAttribute("role", "region");
  widget.node.setAttribute("aria-label", text("lab.chat"));
  Object.assign(widget.node.style, { display: "flex", flexDirection: "column" });

  const style = document.createElement("style");
  style.textContent = STYLE;
  document.head.append(style);

  const server = app.serviceManager.serverSettings;
  const memory = remembered(server.baseUrl);
  const listeners: ((news: News) => void)[] = [];
  let opened: Promise<Panel> | null = null;
  const reveal = (): void => app.shell.activateById(PANEL_ID);
  const life = new AbortController();
  widget.disposed.connect(() => life.abort());

  const fetchPanel = async (): Promise<Panel> => {
    const url = new URL("panel.js?v=%conduit-build%", here).href;
    const module = (await import(/* @vite-ignore */ url)) as { openPanel: typeof openPanel };
    return module.openPanel(widget.node, {
      server,
      memory,
      notebook,
      settings: await settings,
      wantsMentions: mentions.areWanted,
      lifetime: life.signal,
      reveal,
      language: language(),
      text,
      tell: (news) => {
        for (const listener of listeners) listener(news);
      },
    });
  };
  const chat = (): Promise<Panel> => {
    opened ??= fetchPanel().catch((error: unknown) => {
      opened = null; // the next time it is tried again
      const problem = document.createElement("p");
      problem.setAttribute("role", "alert");
      problem.textContent = text("lab.broken", { reason: String(error) });
      widget.node.replaceChildren(problem);
      throw error;
    });
    return opened;
  };
  /** What goes wrong is shown in the panel. */
  const whenThere = (act: (panel: Panel) => void): void => {
    chat().then(act, () => {});
  };

  widget.onAfterShow = () => {
    memory.keepOpen(true);
    whenThere(() => {});
  };
  widget.onAfterHide = () => memory.keepOpen(false);
  widget.onActivateRequest = () => whenThere((panel) => panel.focus());

  return {
    widget,
    icon,
    reveal,
    chat,
    goOn(restoresItself) {
      if (memory.conversation()) whenThere(() => {});
      if (restoresItself && memory.isOpen()) reveal();
    },
    onNews: (listener) => {
      listeners.push(listener);
    },
  };
}
