// The way of a chat without a kernel to the Jupyter server, with what stands in for the server while it is away.
import type { Clock } from "../../clock";
import type { Host } from "../../host/host";
import type { Me, Server } from "../../jupyter-server/server";
import { serverHost } from "../../jupyter-server/server-host";
import type { Store } from "../../store/store";
import type * as standingIn from "../offline/stand-in";

export type StandingIn = Pick<typeof standingIn, "standIn" | "WISHES">;

interface Options {
  server: Server;
  me: Me;
  baseUrl: string;
  conversation: string;
  language: string;
  clock: Clock;
  lifetime: AbortSignal;
}

/** What is drawn while the server is away has to be here before. */
const NEEDED = ["queue", "sheets", "finding", "files"] as const;
/** By then the chat is drawn, and nobody waits for it. */
const FETCH_AFTER_MS = 3_000;

/** Fetches what stands in for the server; null where it does not come: then nothing does. */
export async function fetchStandIn(): Promise<StandingIn | null> {
  try {
    const url = new URL("offline.js?v=%conduit-build%", import.meta.url);
    return (await import(/* @vite-ignore */ url.href)) as StandingIn;
  } catch {
    return null;
  }
}

/** Opens the way; the store that is given to `follow` is the one of the chat that speaks over it. */
export function lastingHost(
  standingIn: StandingIn | null,
  { server, me, baseUrl, conversation, language, clock, lifetime }: Options,
): { host: Host; follow(store: Store): void } {
  const open = (conversation: string, lifetime: AbortSignal): Host =>
    serverHost({
      ...{ open: server.view, request: server.request, conversation, clock, lifetime },
      ...(standingIn && { keeps: standingIn.WISHES }),
      traits: { language },
    });
  const inner = open(conversation, lifetime);
  if (!standingIn) return { host: inner, follow: () => {} };
  const { keepsSeen } = me;
  const { host, follow } = standingIn.standIn({ inner, server: baseUrl, clock, lifetime, keepsSeen, open });
  return {
    host,
    follow(store) {
      follow(store.state);
      const cancel = clock.after(FETCH_AFTER_MS, () => {
        // One that does not come is asked for again when it is needed.
        for (const name of NEEDED) store.chunks.load(name).catch(() => {});
      });
      lifetime.addEventListener("abort", cancel, { once: true });
    },
  };
}
