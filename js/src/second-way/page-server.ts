import { jupyterServer, type Server } from "../jupyter-server/server";

/** The Jupyter server that this page came from; null where it came from none. */
export function pageServer(): Server | null {
  try {
    const config = JSON.parse(document.getElementById("jupyter-config-data")?.textContent ?? "{}");
    const { baseUrl, token } = config as { baseUrl?: unknown; token?: unknown };
    if (typeof baseUrl !== "string") return null;
    const { href, origin } = new URL(baseUrl, location.href);
    return jupyterServer({
      baseUrl: href,
      wsUrl: href.replace(/^http/, "ws"),
      token: typeof token === "string" ? token : "",
      appendToken: origin !== location.origin,
    });
  } catch {
    return null; // its page says nothing that can be read
  }
}
