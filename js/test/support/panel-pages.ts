// Pages with the panel of JupyterLab, whose Jupyter server is the test.

import { IDBFactory } from "fake-indexeddb";
import { afterEach, beforeEach, expect, vi } from "vitest";
import type { Host } from "../../src/host/host";
import { uuid } from "../../src/identifier";
import { serverHost } from "../../src/jupyter-server/server-host";
import type { ChatState, ViewMessage } from "../../src/kernel/messages";
import { createOpening } from "../../src/lab/offline/database";
import { standIn, WISHES } from "../../src/lab/offline/stand-in";
import { createStore, type Store } from "../../src/store/store";
import { chatState, question } from "./chat";
import { FakeClock } from "./fake-clock";
import { FakeSocket } from "./fake-socket";
import { until } from "./until";

export interface PanelPages {
  readonly clock: FakeClock;
  /** Opens the chat of one page. */
  page(conversation?: string): Store;
  /** Closes the first page. */
  leave(): void;
  /** The newest connection to the server. */
  last(): FakeSocket;
  connects(change?: Partial<ChatState>): Promise<void>;
  /** The server goes, for long enough to be missed. */
  goes(): Promise<void>;
  returns(change?: Partial<ChatState>): Promise<void>;
  /** Waits until the page shows these words as waiting. */
  waiting(store: Store, words: string[]): Promise<void>;
  asked(kind: ViewMessage["kind"]): ViewMessage[];
  /** Waits until the server is asked for the `count`th message, and takes it. */
  takes(count: number): Promise<string>;
}

/** For one file of tests: each has a browser of its own. */
export function panelPages(): PanelPages {
  let clock = new FakeClock();
  let sockets: FakeSocket[] = [];
  let lives: AbortController[] = [];
  // Files that run at the same time have browsers of their own, but one set of broadcast channels.
  const server = `http://${uuid()}/`;

  beforeEach(() => {
    vi.stubGlobal("indexedDB", new IDBFactory());
    clock = new FakeClock();
    sockets = [];
    lives = [];
  });
  afterEach(() => {
    for (const life of lives) life.abort();
  });

  const last = (): FakeSocket => sockets.at(-1) as FakeSocket;
  const asked = (kind: ViewMessage["kind"]): ViewMessage[] =>
    last().sent.filter((each) => each.kind === kind);
  const connects = async (change: Partial<ChatState> = {}): Promise<void> => {
    last().opens();
    last().says({
      ...{ kind: "snapshot", n: 1 },
      state: chatState({ messages: [question(1, "Hello")], ...change }),
    });
    await clock.paint();
  };

  return {
    get clock() {
      return clock;
    },
    page(conversation = "team") {
      const life = new AbortController();
      lives.push(life);
      const { signal: lifetime } = life;
      const open = (conversation: string, lifetime: AbortSignal): Host =>
        serverHost({
          open: (where) => {
            const socket = new FakeSocket(where);
            sockets.push(socket);
            return socket as unknown as WebSocket;
          },
          ...{ conversation, traits: {}, clock, lifetime, keeps: WISHES },
        });
      const { host, follow } = standIn({
        ...{ inner: open(conversation, lifetime), server, clock, lifetime, keepsSeen: true },
        ...{ open, opening: createOpening() }, // each page has one of its own
      });
      const store = createStore(host, lifetime, clock);
      follow(store.state);
      store.attach();
      return store;
    },
    leave: () => lives[0]?.abort(),
    last,
    connects,
    async goes() {
      last().drops();
      clock.advance(1_100);
      last().drops();
      await clock.paint();
    },
    async returns(change = {}) {
      const before = sockets.length;
      while (sockets.length === before) clock.advance(500);
      await connects(change);
    },
    waiting: (store, words) =>
      until(async () => {
        await clock.paint();
        expect(store.select.queue.value?.items.map(({ text }) => text)).toEqual(words);
      }),
    asked,
    async takes(count) {
      await until(() => expect(asked("send")).toHaveLength(count));
      const { requestId, id, text } = asked("send").at(-1) as Extract<ViewMessage, { kind: "send" }>;
      last().says({ kind: "reply", requestId, ok: true, result: { id, seq: count + 1, timestamp: "" } });
      return text;
    },
  };
}
