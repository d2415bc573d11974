// The notebook's own conversation, which `Chat()` in its cells shows: offered while the panel shows another.
import type { Server } from "../../jupyter-server/server";
import { plainName } from "../../plain";
import type { Store } from "../../store/store";
import type { text } from "../../texts/texts";
import type { NotebookInSight } from "../notebook-in-sight";

/** Empty where there is no notebook, or where the server does not say (one of an older version). */
export async function ownConversation({ request }: Pick<Server, "request">, path: string): Promise<string> {
  if (!path) return "";
  try {
    const reply = await request(`api/notebook?path=${encodeURIComponent(path)}`, {});
    const { conversation } = Object(reply.ok && (await reply.json()));
    return typeof conversation === "string" ? conversation : "";
  } catch {
    return "";
  }
}

interface Options {
  server: Pick<Server, "request">;
  notebook: NotebookInSight;
  text: typeof text;
  /** Called when the conversation is there. */
  arrived(): void;
}

const BAR =
  "flex:none;overflow:hidden;padding:4px 12px;border:0;border-bottom:1px solid var(--jp-border-color2);background:var(--jp-layout-color2);color:var(--jp-content-link-color,var(--jp-ui-font-color1));font:inherit;text-align:start;text-overflow:ellipsis;white-space:nowrap;cursor:pointer";

/** Returns a button that goes to the conversation of the notebook in sight; hidden where nothing else is shown anyway. */
export function ownButton(store: Store, { server, notebook, text, arrived }: Options): HTMLElement {
  const button = document.createElement("button");
  button.type = "button";
  button.style.cssText = BAR;
  let own = "";
  let turn = 0;

  const show = (): void => {
    const here = store.select.conversationId.peek();
    button.hidden = !own || !here || own === here;
    button.style.display = button.hidden ? "none" : "";
    const name = plainName(notebook.path().split("/").at(-1));
    button.textContent = text("lab.own", { notebook: name });
    button.title = button.textContent;
  };
  const look = async (): Promise<void> => {
    turn += 1;
    const mine = turn;
    const found = await ownConversation(server, notebook.path());
    if (mine !== turn) return;
    own = found;
    show();
  };
  button.addEventListener("click", async () => {
    await look(); // the file may be another one of the name by now
    if (button.hidden) return;
    try {
      await store.ask({ kind: "conversation", action: "open", conversationId: own });
      arrived();
    } catch (error) {
      button.textContent = error instanceof Error ? error.message : String(error);
    }
  });
  notebook.onChange(look);
  store.select.conversationId.subscribe(show);
  look();
  return button;
}
