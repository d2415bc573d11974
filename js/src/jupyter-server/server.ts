// The Jupyter server behind the page, as far as the chat needs it.

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
}

export function jupyterServer({ baseUrl, wsUrl, token, appendToken }: ServerSettings): Server {
  const absolute = (base: string, path: string): URL => new URL(path, new URL(base, location.href));
  return {
    async me(signal) {
      let answer: Response;
      try {
        answer = await fetch(absolute(baseUrl, "conduit/api/me"), {
          signal,
          credentials: "same-origin",
          cache: "no-store",
          headers: token ? { Authorization: `token ${token}` } : {},
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
