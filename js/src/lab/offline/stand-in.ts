// Stands in for the Jupyter server while it is away: keeps what people do and sends it when the server is back, shows the
// conversations as they were seen last, and says no to what only the server can do. The chat talks to it as to the server.
import type { Clock } from "../../clock";
import type { ConnectionInfo, ConversationInfo, Queue } from "../../contract";
import type { Host } from "../../host/host";
import type { ChatState, Reply, ViewMessage } from "../../kernel/messages";
import { createAsking } from "./asking";
import { type Opening, pageDatabase } from "./database";
import { type OpenView, sendElsewhere } from "./elsewhere";
import { enterPlace, type Here } from "./here";
import { createListeners } from "./listeners";
import { createLocalFiles, isLocal, sweepFiles } from "./local-files";
import { queueView } from "./queue-view";
import { createReader } from "./reader";
import { createShownThere } from "./shown-there";
import { createWishes, isWish, type Outcome } from "./wishes";

/** A server that is back before is not missed. */
const GRACE_MS = 1_000;
// In the words of the catalogues, which are looked up by these.
const AWAY = "This page has lost the Jupyter server. It goes on by itself when the server is back.";
const NOT_SEEN = "That conversation was not seen here yet. It can be opened when the Jupyter server is back.";
const KEPT_THERE = "The Jupyter server keeps that: it can be changed when the server is back.";

interface Options {
  /** The way to the server; it repeats no wish by itself. */
  inner: Host;
  /** The server's address. */
  server: string;
  clock: Clock;
  lifetime: AbortSignal;
  /** Whether what is seen may be kept in the browser. */
  keepsSeen: boolean;
  /** Opens a view of another conversation. */
  open: OpenView;
  opening?: Opening;
}

export { WISHES } from "./wishes";

/** What the chat has been told. */
export interface Told {
  readonly n: number;
  readonly chat: ChatState | null;
}

export interface StandIn {
  readonly host: Host;
  /** Learns what the chat shows; before, everything goes to the server. */
  follow(told: () => Told): void;
}

type Request = Extract<ViewMessage, { requestId: string }>;

export function standIn({
  inner,
  server,
  clock,
  lifetime,
  keepsSeen,
  open: openView,
  ...given
}: Options): StandIn {
  const opening = given.opening ?? pageDatabase;
  const messages = createListeners<[message: unknown, buffers?: readonly DataView[]]>();
  const links = createListeners<[]>();
  const { tell: deliver } = messages;
  const asking = createAsking(inner);
  const files = createLocalFiles(opening, clock.now);
  sweepFiles(opening, clock.now()).catch(() => {}); // the next page tries again
  let told: () => Told = () => ({ n: 0, chat: null });
  let here: Here | null = null;
  /** The conversation that the server shows: while it was away another one may have been chosen. */
  const shownThere = createShownThere();
  /** The conversation that it was asked to show, until it does. */
  let wanted: string | null = null;
  /** What the server said last; while it is away, what is said in its place. */
  let queueThere: Queue | undefined;
  let connection: ConnectionInfo | null = null;
  /** As of when everything is shown, in epoch ms; null while the server is there. */
  let asOf: number | null = null;
  /** The same where the server, which is there, knows nothing of the conversation while the hub is away. */
  let seenAt: number | null = null;
  /** Since when there is no way, in epoch ms. */
  let lostAt = 0;
  let isDown = inner.kernelStatus() === "unreachable";
  /** Whether the server has said whom it takes us for since it came back: somebody else may have signed in. */
  let isGreeted = false;
  let cancelGrace = (): void => {};
  /** Whether it is not known yet that nothing waits in other conversations. */
  let looksElsewhere = true;

  const reader = createReader({
    ...{ opening, clock, lifetime },
    shown: () => {
      const { chat } = told();
      return keepsSeen && here && chat?.epoch && asOf === null ? { place: here.place, chat } : null;
    },
  });

  const reply = (requestId: string, outcome: Outcome): void =>
    deliver({
      ...{ kind: "reply", requestId },
      ...("result" in outcome
        ? { ok: true, result: outcome.result }
        : { ok: false, error: { message: messageOf(outcome.refusal) } }),
    } satisfies Reply);

  // ---- what is shown ----------------------------------------------------------------------------------

  const merged = (there: Queue | undefined): Queue | undefined =>
    queueView(there, here?.queue, asOf ?? seenAt);

  const withOurs = (chat: ChatState): ChatState => {
    const { queue: _queue, ...rest } = chat;
    const queue = merged(queueThere);
    return { ...rest, ...(queue && { queue }), serverAway: asOf !== null };
  };

  /** Shows the chat once more, with what waits here now. */
  const show = (change: Partial<ChatState> = {}): void => {
    const { n, chat } = told();
    if (!chat) return;
    const state = { ...chat, ...(connection && { connection }), ...change };
    deliver({ kind: "snapshot", n, state: withOurs(state) });
  };

  // ---- what the server says ---------------------------------------------------------------------------

  const enter = (chat: ChatState): void => {
    const [, userId, conversationId] = here?.place ?? [];
    if (chat.conversationId === conversationId && chat.self.userId === userId) return;
    here?.leave();
    here = enterPlace({
      ...{ opening, server, chat, changed: show, ask: asking.ask, files },
      hasWay: () => isGreeted && !isDown && shownThere.is(chat.conversationId),
    });
  };

  const lookElsewhere = (): void => {
    if (!looksElsewhere || !here) return;
    looksElsewhere = false;
    sendElsewhere({ opening, here: here.place, open: openView, files, clock, lifetime }).catch(() => {
      looksElsewhere = true; // the browser could not read it now
    });
  };

  const noteQueue = (queue: Queue | undefined): void => {
    queueThere = queue;
    if (queue) asking.has(queue.items.map(({ id }) => id));
  };

  const fromSnapshot = (chat: ChatState): ChatState => {
    shownThere.shows(chat.conversationId);
    connection = chat.connection;
    noteQueue(chat.queue);
    asking.has(chat.messages.map(({ id }) => id));
    enter(chat);
    isGreeted = true;
    here?.send();
    lookElsewhere();
    const before = seenAt;
    seenAt = null;
    const isKnown = chat.epoch || chat.messages.length > 0 || chat.connection.state === "removed";
    return withOurs(isKnown ? chat : asSeen(chat, before));
  };

  /**
   * A conversation of which the server knows nothing, the hub being away: as it is shown here (as of `before`, where it
   * was so already), or was seen earlier.
   */
  const asSeen = (chat: ChatState, before: number | null): ChatState => {
    const shown = told().chat;
    if (shown?.conversationId === chat.conversationId && shown.self.userId === chat.self.userId) {
      if (shown.messages.length === 0) return chat;
      seenAt = before ?? lostAt;
      return { ...chat, messages: shown.messages, hasMore: shown.hasMore };
    }
    const { place } = here as Here;
    reader.open(place).then((seen) => {
      const now = told().chat;
      if (!seen || here?.place !== place || now?.epoch || now?.messages.length) return;
      seenAt = seen.at;
      show({ messages: seen.chat.messages, hasMore: seen.chat.hasMore });
    });
    return chat;
  };

  const fromOp = (op: { op?: unknown; queue?: Queue; connection?: ConnectionInfo }): object => {
    if (op.op === "connection" && op.connection) connection = op.connection;
    if (op.op !== "queue") return op;
    noteQueue(op.queue);
    return { ...op, queue: merged(op.queue) };
  };

  const isElsewhere = ({ kind, state }: { kind?: unknown; state?: ChatState }): boolean => {
    if (kind === "snapshot" && state?.conversationId === wanted) wanted = null;
    return wanted !== null;
  };

  const answered = (answer: Reply): boolean => {
    if (!asking.heard(answer)) return false;
    noteList(answer);
    if (shownThere.answered(answer)) here?.send();
    return true;
  };

  /** What the chat is told of what the server says; null: nothing. */
  const hear = (message: { kind?: unknown; state?: ChatState; ops?: object[] }): object | null => {
    const { kind, state, ops } = message;
    if (kind === "reply") return answered(message as Reply) ? message : null;
    if (isElsewhere(message)) return null;
    reader.changed();
    if (kind === "snapshot" && state) return { ...message, state: fromSnapshot(state) };
    return kind === "ops" && ops ? { ...message, ops: ops.map(fromOp) } : message;
  };

  inner.onMessage((message, buffers) => {
    const heard = hear(Array.isArray(message) ? message : Object(message));
    if (heard) deliver(heard, buffers);
  }, lifetime);

  /** Requests for the list of conversations: what comes is kept. */
  const lists = new Set<string>();
  const noteList = (answer: Reply): void => {
    if (!lists.delete(answer.requestId) || !answer.ok || !here) return;
    reader.keepList(here.place, answer.result as ConversationInfo[]);
  };

  // ---- the server goes and comes ----------------------------------------------------------------------

  const leave = (): void => {
    if (!isDown || asOf !== null || !here) return;
    reader.keep();
    asOf = seenAt ?? lostAt;
    connection = { state: "reconnecting", attempt: 1, retryAt: null, message: AWAY };
    show({ typing: [] });
    links.tell();
  };

  /** Has the server, which is back, go on in the conversation that was chosen meanwhile. */
  const goThere = (conversationId: string): void => {
    wanted = conversationId;
    asking.ask({ kind: "conversation", action: "open", conversationId }).then(
      (answer) => {
        if (answer.ok) return;
        wanted = null; // it is no more: the chat is where the server is
        inner.send({ kind: "hello", n: 0 });
      },
      () => {}, // lost again
    );
  };

  inner.onLinkChange(() => {
    const wasDown = isDown;
    isDown = inner.kernelStatus() === "unreachable";
    if (isDown && !wasDown) {
      lostAt = clock.now();
      isGreeted = false;
      cancelGrace = clock.after(GRACE_MS, leave);
      // Nobody knows whether it was heard: it is asked for again.
      wanted = null;
      for (const { requestId, wish, queue } of asking.lost())
        wishes.keep(queue ?? here?.queue, wish, requestId, true);
      shownThere.lost();
    } else if (!isDown && wasDown) {
      cancelGrace();
      asOf = null;
      looksElsewhere = true;
      const conversationId = here?.place[2];
      if (conversationId !== undefined && !shownThere.is(conversationId)) goThere(conversationId);
    }
    links.tell();
  }, lifetime);
  lifetime.addEventListener("abort", () => {
    cancelGrace();
    here?.leave();
  });

  // ---- what people do ---------------------------------------------------------------------------------

  const wishes = createWishes({
    ...{ inner, asking, clock, reply, files },
    here: () => here,
    isDown: () => isDown,
    countThere: () => queueThere?.items.length ?? 0,
    keptElsewhere: () => {
      looksElsewhere = true;
      lookElsewhere();
    },
  });

  /** Goes on in another conversation that was seen. */
  const open = async (requestId: string, conversationId: string): Promise<void> => {
    if (!here) return;
    const [, userId] = here.place;
    const seen = await reader.open([server, userId, conversationId]);
    if (asOf === null) return reply(requestId, { refusal: AWAY }); // the server came back meanwhile
    if (!seen) return reply(requestId, { refusal: NOT_SEEN });
    queueThere = undefined;
    asOf = seen.at;
    enter(seen.chat);
    // Nobody knows who talks there now, and the way is as it was.
    show({ ...seen.chat, call: null, ...(connection && { connection }) });
    reply(requestId, { result: null });
  };

  /** Answers in the place of the server, which is away. */
  const answer = async (message: ViewMessage): Promise<void> => {
    await null; // nobody is answered before they have asked
    if (message.kind === "hello") show();
    else if (message.kind === "retry") inner.send(message);
    else if ("requestId" in message) await answerRequest(message);
  };
  const answerRequest = async (message: Request): Promise<void> => {
    const { kind, requestId } = message;
    if (kind === "ping") reply(requestId, { result: null });
    else if (kind === "queue") reply(requestId, { refusal: KEPT_THERE });
    else if (kind === "conversations" && here) reply(requestId, { result: await reader.list(here.place) });
    else if (kind === "conversation" && message.action === "open")
      await open(requestId, message.conversationId);
    else reply(requestId, { refusal: AWAY });
  };

  const pass = (message: ViewMessage): void => {
    if (message.kind === "conversations") lists.add(message.requestId);
    if (message.kind === "conversation" && message.action === "open") {
      reader.keep();
      shownThere.asked(message.requestId, message.conversationId);
    }
    inner.send(message);
  };

  /** Takes what a file sends, in the place of the server: all of one that was begun here. */
  const takesFile = (message: ViewMessage): boolean => {
    if (message.kind === "fileBegin") return asOf !== null;
    return (message.kind === "filePiece" || message.kind === "fileForget") && isLocal(message.path);
  };
  const fileOutcome = async (message: ViewMessage): Promise<unknown> => {
    await null; // nobody is answered before they have asked
    if (message.kind === "fileBegin") return files.begin(message, here?.queue.entries ?? []);
    if (message.kind === "filePiece") return files.piece(message);
    return message.kind === "fileForget" ? files.forget([message.path]) : null;
  };
  const answerFile = (message: Request): void => {
    fileOutcome(message).then(
      (result) => reply(message.requestId, { result }),
      (refusal: unknown) => reply(message.requestId, { refusal }),
    );
  };

  const send = (message: ViewMessage): void => {
    if (takesFile(message)) answerFile(message as Request);
    else if (isWish(message)) wishes.keepOrPass(message);
    else if (message.kind === "queue" && wishes.keeps(message.id)) wishes.act(message);
    else if (asOf === null) pass(message);
    else void answer(message);
  };

  return {
    host: {
      ...inner,
      send: (message) => send(message as ViewMessage),
      onMessage: messages.add,
      onLinkChange: links.add,
      kernelStatus: () => (asOf === null ? inner.kernelStatus() : "unknown"),
    },
    follow: (now) => {
      told = now;
    },
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
