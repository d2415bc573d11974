import { type Me, NoChatError } from "../../jupyter-server/server";
import type { Store } from "../../store/store";
import type { Widget } from "../../widget";

export type ChatWidget = Widget<Store>;

/** The chat's module comes from the server, so that it is the one its cells show. */
export async function fetchChat({ static: address }: Me, attempt = 1): Promise<ChatWidget> {
  const url = new URL("chat.js", new URL(address, location.href));
  // A browser may keep the failure of an address for the life of the page.
  if (attempt > 1) url.hash = String(attempt);
  try {
    return ((await import(/* @vite-ignore */ url.href)) as { chat: ChatWidget }).chat;
  } catch {
    throw new NoChatError("unloaded");
  }
}
