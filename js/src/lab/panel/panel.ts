// Entry: the chat in the panel, fetched when the panel is first in sight. It is the chat of the cells, with the Jupyter
// server in the kernel's place.
import { browserClock, type Clock } from "../../clock";
import {
  jupyterServer,
  type Me,
  NoChatError,
  type Server,
  type ServerSettings,
} from "../../jupyter-server/server";
import type { Store } from "../../store/store";
import type { text } from "../../texts/texts";
import { newestCode } from "../cells/newest-code";
import type { PluginSettings } from "../jupyter";
import type { NotebookInSight } from "../notebook-in-sight";
import type { Remembered } from "../remembered";
import { addWords } from "./add-words";
import { desktopOf } from "./desktop";
import { type ChatWidget, fetchChat } from "./fetch-chat";
import { fetchStandIn, lastingHost, type StandingIn } from "./lasting-host";
import { watchMentions } from "./mentions";
import { type News, watchNews } from "./news";
import { ownBar, ownConversation } from "./own-conversation";

export { openKept } from "./kept-chat";

export interface PanelOptions {
  server: ServerSettings;
  memory: Remembered;
  notebook: NotebookInSight;
  settings: PluginSettings | null;
  language: string;
  text: typeof text;
  /** Whether the person wants to be told of mentions on the desktop. */
  wantsMentions(): boolean;
  /** Brings the panel into sight. */
  reveal(): void;
  tell(news: News): void;
  /** Until the panel is disposed of. */
  lifetime: AbortSignal;
}

export interface Panel {
  /** Takes the focus into the composer, once the chat is there. */
  focus(): void;
  /** Puts words into the composer, below what is there, for the person to go on or to send. */
  write(words: string): void;
  /** The newest code that somebody wrote in the conversation; null where nobody did. */
  newestCode(): string | null;
}

/** The chat needs no height and frame of its own here: it fills the panel. (What comes later would win over less.) */
const FILLING = "section.chat{height:0;min-height:0;border:0;border-radius:0;resize:none}";
const NOTICE_STYLE =
  "margin:auto;padding:20px;max-width:32em;overflow-wrap:anywhere;text-align:center;line-height:1.5;color:var(--jp-ui-font-color1)";
const RETRY_MS = 5_000;
const ELSEWHERE = "main";

/** Opens the chat inside `el`, for as long as the panel lives. */
export function openPanel(el: HTMLElement, options: PanelOptions, clock: Clock = browserClock): Panel {
  const server = jupyterServer(options.server);
  const { text, lifetime } = options;
  const whenShown: ((store: Store) => void)[] = [];
  let shown: Store | null = null;
  let cancelRetry = (): void => {};
  let attempt = 0;
  let isOpening = false;
  lifetime.addEventListener("abort", () => cancelRetry(), { once: true });

  const withStore = (act: (store: Store) => void): void => {
    if (shown) act(shown);
    else whenShown.push(act);
  };

  const open = async (life: AbortSignal): Promise<void> => {
    attempt += 1;
    const me = await server.me(life);
    const [chat, standingIn] = await Promise.all([fetchChat(me, attempt), fetchStandIn()]);
    const conversation = await firstConversation(options, server);
    if (life.aborted) return;
    el.replaceChildren();
    const store = showChat(el, chat, { server, me, standingIn, conversation }, options, clock, life);
    watchNews(store, clock, life, options.tell);
    watchMentions(store, {
      ...{ wanted: options.wantsMentions, reveal: options.reveal, document, lifetime: life },
      desktop: desktopOf(globalThis.Notification, globalThis.navigator?.serviceWorker),
    });
    shown = store;
    for (const act of whenShown.splice(0)) act(store);
  };

  /** Opens the chat, one try at a time; one that fails leaves nothing. */
  const show = async (): Promise<void> => {
    if (isOpening || shown || lifetime.aborted) return;
    isOpening = true;
    cancelRetry();
    const life = new AbortController();
    const end = (): void => life.abort();
    lifetime.addEventListener("abort", end, { once: true, signal: life.signal });
    try {
      await open(life.signal);
    } catch (error) {
      end();
      shown = null;
      if (!lifetime.aborted) sayWhyNot(error);
    }
    isOpening = false;
  };
  const sayWhyNot = (error: unknown): void => {
    const why = error instanceof NoChatError ? error.why : null;
    if (!notice.node.parentNode) el.replaceChildren(notice.node);
    notice.offer(why ? text(`lab.${why}`) : text("lab.broken", { reason: String(error) }));
    if (why === "unreachable") cancelRetry = clock.after(RETRY_MS, show);
  };
  const notice = createNotice(text("lab.again"), () => again());
  const again = (): void => {
    notice.say(text("lab.loading"));
    void show();
  };
  el.replaceChildren(notice.node);
  again();

  return {
    focus: () => withStore(() => focusComposer(el)),
    write: (words) =>
      withStore((store) => {
        addWords(store.draft, words);
        focusComposer(el);
      }),
    newestCode: () => newestCode(shown?.select.messages.peek() ?? []),
  };
}

interface Opening {
  server: Server;
  me: Me;
  standingIn: StandingIn | null;
  conversation: string;
}

/** Where the person left off, else what the settings say, else the own one of the notebook in sight. */
async function firstConversation(
  { memory, settings, notebook }: PanelOptions,
  server: Server,
): Promise<string> {
  const chosen = memory.conversation() || String(settings?.composite.conversation ?? "");
  return chosen || (await ownConversation(server, notebook.path())) || ELSEWHERE;
}

function showChat(
  el: HTMLElement,
  chat: ChatWidget,
  { server, me, standingIn, conversation }: Opening,
  { memory, notebook, language, text, server: { baseUrl } }: PanelOptions,
  clock: Clock,
  lifetime: AbortSignal,
): Store {
  const way = { server, me, baseUrl, conversation, language, clock, lifetime };
  const { host, follow } = lastingHost(standingIn, way);
  const place = document.createElement("div");
  Object.assign(place.style, { flex: "1 1 auto", minHeight: "0" });
  const store = chat.open(host, lifetime);
  const arrived = (): void => focusComposer(el);
  el.append(ownBar(store, { server, notebook, text, arrived, lifetime }), place);
  follow(store);
  chat.show(place, store, host, lifetime);
  const style = document.createElement("style");
  style.textContent = FILLING;
  place.firstElementChild?.shadowRoot?.append(style);
  const stop = store.select.conversationId.subscribe((id) => {
    if (id) memory.keepConversation(id);
  });
  lifetime.addEventListener("abort", stop, { once: true });
  return store;
}

function focusComposer(el: HTMLElement): void {
  const field = el.querySelector(".conduit-view > div")?.shadowRoot?.querySelector("textarea");
  field?.focus();
  field?.setSelectionRange(field.value.length, field.value.length);
}

interface Notice {
  readonly node: HTMLElement;
  /** Says something in the place of the chat; what it says already is not said again. */
  say(words: string): void;
  /** The same, with a button to try again. */
  offer(words: string): void;
}

/** It stays one node, whatever it says: whoever is at its button stays there, and a screen reader hears each change. */
function createNotice(label: string, act: () => void): Notice {
  const node = document.createElement("div");
  node.style.cssText = NOTICE_STYLE;
  const line = document.createElement("p");
  line.setAttribute("role", "status");
  node.append(line);
  const press = document.createElement("button");
  press.className = "jp-mod-styled jp-mod-accept";
  press.textContent = label;
  press.addEventListener("click", act);
  const say = (words: string): void => {
    if (line.textContent !== words) line.textContent = words;
  };
  return {
    ...{ node, say },
    offer(words) {
      say(words);
      if (!press.parentNode) node.append(press);
    },
  };
}
