// The conversation as the person whose page this is. The pages of a shared notebook have one kernel, which is somebody: each
// page shows and says everything through the Jupyter server instead, as whoever is signed in there. What stays the kernel's:
// its variables, which conversation the cell begins in, and that somebody looks.
import { signal } from "@preact/signals";
import { uuid } from "../identifier";
import { type Me, NoChatError, type Server } from "../jupyter-server/server";
import { serverHost } from "../jupyter-server/server-host";
import type { KernelLink, SecondWay } from "../kernel/link";
import type { ChatState } from "../kernel/messages";
import { text } from "../texts/texts";
import { type Conversing, keepUpToDate } from "./keeping";
import { pageServer } from "./page-server";
import { secondWay } from "./second-way";

const ASK_AGAIN_MS = 2_000;

interface Surroundings extends Conversing {
  link: Pick<KernelLink, "second" | "hello" | "receive" | "replied" | "request" | "health" | "inSight">;
}

const deciding = new WeakSet<object>();

/**
 * Gives a page its way: its own where the kernel says that its pages are different people's (`shown`) and this one is
 * another's; else the kernel's, with the way past it. A shared page shows nothing before that is known.
 */
export async function openWay(
  surroundings: Surroundings,
  shown: ChatState | undefined,
  server: Server | null = pageServer(),
): Promise<void> {
  const { link, lifetime } = surroundings;
  keepUpToDate(surroundings);
  if (!shown) link.second.value ??= secondWay(surroundings, server);
  if (!shown || deciding.has(surroundings)) return;
  deciding.add(surroundings);
  try {
    const me = server && (await askWho(server, surroundings));
    if (lifetime.aborted) return;
    link.second.value =
      server && me && me.userId !== shown.self.userId
        ? ownView(surroundings, shown, server, me)
        : kernelsWay(surroundings, server);
    link.hello();
  } catch {
    deciding.delete(surroundings); // whoever may not use the chat is shown none
  }
}

/** Null where the page's server has no chat. */
async function askWho(server: Server, { clock, lifetime }: Surroundings): Promise<Me | null> {
  for (;;) {
    try {
      return await server.me(lifetime);
    } catch (error) {
      const why = error instanceof NoChatError ? error.why : "unreachable";
      if (why === "absent") return null;
      if (why !== "unreachable" || lifetime.aborted) throw error;
      await new Promise<void>((resolve) => clock.after(ASK_AGAIN_MS, resolve));
    }
  }
}

/** The way of the kernel's own user, who is shown what it says. */
function kernelsWay(surroundings: Surroundings, server: Server | null): SecondWay {
  return {
    ...secondWay(surroundings, server),
    withholds(message) {
      if (Object(message).kind !== "shared") return false;
      surroundings.link.receive({ ...Object(message), kind: "snapshot" });
      return true;
    },
  };
}

function ownView(surroundings: Surroundings, shown: ChatState, server: Server, me: Me): SecondWay {
  const { host, clock, lifetime, link } = surroundings;
  const life = new AbortController();
  lifetime.addEventListener("abort", () => life.abort(), { once: true });
  const carries = signal(true);
  /** What the kernel's chat shows, as far as it has said. */
  let { conversationId, epoch } = shown;
  let isShown = true;
  let isSame = false;
  const own = serverHost({
    ...{ open: server.view, conversation: conversationId, traits: {} },
    ...{ clock, lifetime: life.signal },
  });

  const hasKernel = (): boolean => !["gone", "restarted"].includes(host.kernelStatus());
  const tellKernel = (kind: "here" | "bye"): void => {
    try {
      host.send({ kind });
    } catch {
      // Its comm is closed: nobody has to know that somebody looks.
    }
  };

  own.onMessage((message, buffers) => {
    const { kind, state } = Object(message);
    if (kind === "snapshot") {
      // Every conversation has an epoch of its own, once it is joined: the kernel may use another hub than the server.
      if (state.epoch && epoch && !isSame && state.epoch !== epoch) {
        life.abort();
        link.second.value = kernelsWay(surroundings, null);
        link.hello();
        return;
      }
      isSame ||= state.epoch !== "";
      state.variables = hasKernel();
    }
    link.receive(message, buffers);
  }, life.signal);
  own.onLinkChange(() => {
    carries.value = own.kernelStatus() !== "unreachable";
    if (isShown) link.hello();
  }, life.signal);

  return {
    carries,
    reach: async () => server.request,
    refusal: signal(null),
    words: signal(text("secondWay.own", { name: me.userName })),
    take(message) {
      if (message.kind === "variables" || message.kind === "context") return false;
      if (message.kind === "hello") {
        isShown = true;
        tellKernel("here");
      } else if (message.kind === "bye") {
        isShown = false;
        tellKernel("bye");
      }
      own.send(message);
      return true;
    },
    withholds(message) {
      const { kind, state } = Object(message);
      if (kind === "anybody" && isShown) tellKernel("here");
      if (kind === "shared") {
        if (state.conversationId !== conversationId)
          own.send({
            ...{ kind: "conversation", requestId: uuid(), action: "open" },
            conversationId: state.conversationId,
          });
        ({ conversationId, epoch } = state);
      }
      return kind !== "reply"; // of what the kernel alone was asked
    },
  };
}
