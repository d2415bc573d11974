// The chat in the place of a transcript that a notebook keeps.
import { browserClock, type Clock } from "../../clock";
import { jupyterServer, type ServerSettings } from "../../jupyter-server/server";
import { type BringUpToDate, type Kept, watchRests } from "../../notebook/kept-transcripts";
import { fetchChat } from "./fetch-chat";
import { fetchStandIn, lastingHost } from "./lasting-host";

interface Options {
  server: ServerSettings;
  conversation: string;
  language: string;
  /** The class of the output, and what writes it. */
  cssClass: string;
  output: BringUpToDate;
  lifetime: AbortSignal;
}

/** Shows the chat inside `el` and hides `instead` once it has anything to show. Throws where there is none. */
export async function openKept(
  el: HTMLElement,
  instead: HTMLElement,
  { server: settings, conversation, language, cssClass, output, lifetime }: Options,
  clock: Clock = browserClock,
): Promise<void> {
  const server = jupyterServer(settings);
  const me = await server.me(lifetime);
  const [chat, standingIn] = await Promise.all([fetchChat(me), fetchStandIn()]);
  if (lifetime.aborted) return;
  const { baseUrl } = settings;
  const way = { server, me, baseUrl, conversation, language, clock, lifetime };
  const { host, follow } = lastingHost(standingIn, way);
  const store = chat.open(host, lifetime);
  follow(store);
  chat.show(el, store, host, lifetime);
  const restBegins = watchRests({
    ...{ clock, lifetime },
    chat: () => store.chat.value,
    output: () => (ask) => output(ask, true),
    ask: () => store.ask<Kept>({ kind: "transcript", cssClass }),
  });
  let messages: unknown;
  const stop = store.chat.subscribe((shown) => {
    // Who only looks at a notebook changes nothing in it.
    if (messages && shown && shown.messages !== messages) restBegins();
    messages = shown?.messages;
    instead.style.display = shown ? "none" : "";
    el.style.display = shown ? "" : "none";
  });
  lifetime.addEventListener(
    "abort",
    () => {
      stop();
      instead.style.display = "";
    },
    { once: true },
  );
}
