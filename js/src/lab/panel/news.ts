// What the rest of the page says of the chat: how it is connected, who answers, and what is unread in all conversations.
import type { Clock } from "../../clock";
import type { ConversationInfo } from "../../contract";
import { plainName } from "../../plain";
import type { Store } from "../../store/store";

export interface News {
  state: "live" | "connecting" | "offline";
  provider: string;
  unread: number;
}

const EVERY_MS = 30_000;
/** What comes meanwhile is counted soon, and once. */
const SOON_MS = 2_000;

/** Tells the news at once and whenever they change, until the lifetime ends. */
export function watchNews(
  store: Store,
  clock: Clock,
  lifetime: AbortSignal,
  tell: (news: News) => void,
): void {
  let unread = 0;
  let cancel = (): void => {};
  let isSoon = false;
  let turn = 0;

  const say = (): void => {
    const [link, kernel] = [store.connection.peek()?.state, store.kernel.peek()];
    const isTrying = link === undefined || link === "connecting" || link === "reconnecting";
    tell({
      state:
        kernel !== "answering" ? "offline" : link === "live" ? "live" : isTrying ? "connecting" : "offline",
      provider: plainName(store.select.provider.peek()?.provider),
      unread,
    });
  };
  const count = async (): Promise<void> => {
    cancel();
    isSoon = false;
    cancel = clock.after(EVERY_MS, count);
    if (store.connection.peek()?.state !== "live") return;
    turn += 1;
    const mine = turn;
    try {
      const all = await store.ask<ConversationInfo[]>({ kind: "conversations" });
      if (mine !== turn || lifetime.aborted) return; // counted anew meanwhile
      unread = all.reduce((sum, info) => sum + info.unread, 0);
      say();
    } catch {
      // The hub is not reached, or of an older version: what was counted last stands.
    }
  };
  const countSoon = (): void => {
    if (isSoon) return;
    isSoon = true;
    cancel();
    cancel = clock.after(SOON_MS, count);
  };

  const stops = [
    store.connection.subscribe(say),
    store.kernel.subscribe(say),
    store.select.provider.subscribe(say),
    store.select.readMarks.subscribe(countSoon),
    store.select.messages.subscribe(countSoon),
  ];
  const end = (): void => {
    cancel();
    for (const stop of stops) stop();
  };
  lifetime.addEventListener("abort", end, { once: true });
}
