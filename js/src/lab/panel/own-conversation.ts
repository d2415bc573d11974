// The notebook's own conversation, which `Chat()` in its cells shows: offered while the panel shows another.
import type { Server } from "../../jupyter-server/server";
import { plainName } from "../../plain";
import type { Store } from "../../store/store";
import type { text } from "../../texts/texts";
import type { NotebookInSight } from "../notebook-in-sight";

/** Empty where there is no notebook, or where the server does not say (one of an older version); null: it does not answer. */
async function askedFor({ request }: Pick<Server, "request">, path: string): Promise<string | null> {
  if (!path) return "";
  try {
    const reply = await request(`api/notebook?path=${encodeURIComponent(path)}`, {});
    if (reply.status >= 500) return null;
    const { conversation } = Object(reply.ok && (await reply.json().catch(() => null)));
    return typeof conversation === "string" ? conversation : "";
  } catch {
    return null;
  }
}

/** Empty where there is none, or where the server does not say. */
export async function ownConversation(server: Pick<Server, "request">, path: string): Promise<string> {
  return (await askedFor(server, path)) ?? "";
}

interface Options {
  server: Pick<Server, "request">;
  notebook: NotebookInSight;
  text: typeof text;
  /** Called when the conversation is there. */
  arrived(): void;
  lifetime: AbortSignal;
}

const BAR =
  "width:100%;overflow:hidden;padding:4px 12px;border:0;border-bottom:1px solid var(--jp-border-color2);background:var(--jp-layout-color2);color:var(--jp-content-link-color,var(--jp-ui-font-color1));font:inherit;text-align:start;text-overflow:ellipsis;white-space:nowrap;cursor:pointer";
const PROBLEM = "margin:0;overflow-wrap:anywhere;color:var(--jp-error-color1)";

/**
 * Returns a bar with a button that goes to the conversation of the notebook in sight, hidden where nothing else is shown
 * anyway; beneath it, why that did not work.
 */
export function ownBar(store: Store, { server, notebook, text, arrived, lifetime }: Options): HTMLElement {
  const bar = document.createElement("div");
  bar.style.flex = "none";
  const button = document.createElement("button");
  button.type = "button";
  button.style.cssText = BAR;
  const problem = document.createElement("p");
  problem.setAttribute("role", "alert");
  problem.style.cssText = PROBLEM;
  bar.append(button, problem);
  let own = "";
  /** The path of the notebook whose conversation that is. */
  let ownPath = "";
  let turn = 0;
  let isGoing = false;
  /** Whether the server did not answer when it was asked. */
  let isUnknown = false;

  const say = (words: string): void => {
    problem.textContent = words;
    problem.style.padding = words ? "4px 12px" : "0";
  };
  const show = (): void => {
    const here = store.select.conversationId.peek();
    button.hidden = !own || !here || own === here;
    button.style.display = button.hidden ? "none" : "";
    const name = plainName(notebook.path().split("/").at(-1));
    button.textContent = text("lab.own", { notebook: name });
    button.title = button.textContent;
  };
  /** Asks for the notebook's conversation; false where the notebook was another one before the answer came. */
  const look = async (): Promise<boolean> => {
    turn += 1;
    const mine = turn;
    const path = notebook.path();
    const found = await askedFor(server, path);
    if (mine !== turn || lifetime.aborted) return false;
    isUnknown = found === null;
    // A server that is away leaves what is known of this notebook.
    own = found ?? (path === ownPath ? own : "");
    ownPath = path;
    show();
    return true;
  };
  const go = async (): Promise<void> => {
    // The file may be another one of the name by now.
    if (!(await look()) || button.hidden) return;
    try {
      await store.ask({ kind: "conversation", action: "open", conversationId: own });
      if (!lifetime.aborted) arrived();
    } catch (error) {
      say(error instanceof Error ? error.message : String(error));
    }
  };
  button.addEventListener("click", async () => {
    if (isGoing) return;
    isGoing = true;
    say("");
    await go();
    isGoing = false;
  });
  const isAway = (): boolean => store.chat.peek()?.serverAway === true;
  const lookWhenBack = (wasAway: boolean): void => {
    if (wasAway && !isAway() && isUnknown) void look();
  };
  notebook.onChange(() => {
    say("");
    void look();
  }, lifetime);
  let wasAway = isAway();
  const stops = [
    store.select.conversationId.subscribe(() => {
      say("");
      show();
    }),
    store.chat.subscribe(() => {
      lookWhenBack(wasAway);
      wasAway = isAway();
    }),
  ];
  lifetime.addEventListener(
    "abort",
    () => {
      for (const stop of stops) stop();
    },
    { once: true },
  );
  void look();
  return bar;
}
