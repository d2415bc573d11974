import { jupyterServer, type Server } from "../jupyter-server/server";

const GREETED = Symbol.for("conduit_widget.greeted");

/**
 * The Jupyter server that this page came from; null where it came from none. It is asked something at once: the first that
 * asks waits until the server has loaded its part of the chat, and nobody who is in a hurry is to be that one.
 */
export function pageServer(): Server | null {
  try {
    const config = JSON.parse(document.getElementById("jupyter-config-data")?.textContent ?? "{}");
    const { baseUrl, token } = config as { baseUrl?: unknown; token?: unknown };
    if (typeof baseUrl !== "string") return null;
    const { href, origin } = new URL(baseUrl, location.href);
    const server = jupyterServer({
      baseUrl: href,
      wsUrl: href.replace(/^http/, "ws"),
      token: typeof token === "string" ? token : "",
      appendToken: origin !== location.origin,
    });
    // Each widget has a copy of this module; the page has one server.
    const page = globalThis as { [GREETED]?: string };
    if (page[GREETED] !== href) server.me(new AbortController().signal).catch(() => {}); // found out again in need
    page[GREETED] = href;
    return server;
  } catch {
    return null; // its page says nothing that can be read
  }
}
