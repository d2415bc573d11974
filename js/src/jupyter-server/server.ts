// The Jupyter server behind the page, as far as the chat needs it.
import type { Requester } from "../host/host";

/** How a page reaches its server, as JupyterLab names it. */
export interface ServerSettings {
  readonly baseUrl: string;
  readonly wsUrl: string;
  readonly token: string;
  readonly appendToken: boolean;
}

/** Who one is there, and whether one may write. */
export interface Me {
  userId: string;
  userName: string;
  canWrite: boolean;
  /** Whether what is seen may be kept, to be read while the server is away. */
  keepsSeen: boolean;
  /** The address of the browser parts of the server's version. */
  static: string;
}

/**
 * Why there is no chat: `absent`: the server has no such extension; `denied`: it wants a login; `unloaded`: it does not
 * send the browser part; `unreachable`: nobody answers.
 */
export class NoChatError extends Error {
  constructor(readonly why: "absent" | "denied" | "unloaded" | "unreachable") {
    super(why);
  }
}

export interface Server {
  /** Throws {@link NoChatError}. */
  me(signal: AbortSignal): Promise<Me>;
  /** Opens the way of a view of a conversation. */
  view(conversation: string): WebSocket;
  /** Asks the hub. */
  readonly request: Requester;
}

export function jupyterServer({ baseUrl, wsUrl, token, appendToken }: ServerSettings): Server {
  const absolute = (base: string, path: string): URL => new URL(path, new URL(base, location.href));
  const credentials = (): Record<string, string> => ({
    ...(token ? { Authorization: `token ${token}` } : {}),
    "X-XSRFToken": /(?:^|; )_xsrf=([^;]*)/.exec(document.cookie)?.[1] ?? "",
  });
  return {
    request: (path, { headers, ...init }) =>
      fetch(absolute(baseUrl, `conduit/${path}`), {
        ...init,
        credentials: "same-origin",
        cache: "no-store",
        redirect: "error",
        headers: { ...credentials(), ...(headers as Record<string, string>) },
      }),
    async me(signal) {
      let answer: Response;
      try {
        answer = await fetch(absolute(baseUrl, "conduit/api/me"), {
          signal,
          credentials: "same-origin",
          cache: "no-store",
          headers: credentials(),
        });
      } catch {
        throw new NoChatError("unreachable");
      }
      if (answer.status === 404) throw new NoChatError("absent");
      if (answer.status === 401 || answer.status === 403 || answer.redirected)
        throw new NoChatError("denied");
      if (!answer.ok) throw new NoChatError("unreachable");
      return (await answer.json()) as Me;
    },
    view(conversation) {
      const url = absolute(wsUrl, "conduit/view");
      url.searchParams.set("conversation", conversation);
      // As JupyterLab's own sockets do where the page and the server are of different origins.
      if (appendToken && token) url.searchParams.set("token", token);
      const socket = new WebSocket(url);
      socket.binaryType = "arraybuffer";
      return socket;
    },
  };
}
