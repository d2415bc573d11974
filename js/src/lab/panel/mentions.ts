// Messages that name the reader while the page is hidden: the page's title counts them, and, where the person has asked for
// it, the desktop tells of each.
import type { ChatMessage } from "../../contract";
import { seqOf, textOf } from "../../messages/parts";
import { plainLine, plainName } from "../../plain";
import type { Store } from "../../store/store";
import type { Desktop } from "./desktop";

const TITLE = /^\(\d+\) /;

interface Options {
  /** Whether the person wants to be told on the desktop. */
  wanted(): boolean;
  /** Brings the panel into sight. */
  reveal(): void;
  document: Document;
  desktop: Desktop;
  lifetime: AbortSignal;
}

/** Follows the messages of a chat until the lifetime ends; the title is then as it was. */
export function watchMentions(store: Store, { wanted, reveal, document, desktop, lifetime }: Options): void {
  let place = "";
  let known = 0;
  let count = 0;

  const countInTitle = (): void => {
    const title = document.title.replace(TITLE, "");
    document.title = count > 0 ? `(${count}) ${title}` : title;
  };

  /** Shows a message of a conversation, which may not be the one in sight any more. */
  const go = (conversationId: string, message: ChatMessage): void => {
    const { conversationId: here } = store.select;
    const show = (): void => store.show(message.id, seqOf(message));
    if (here.peek() === conversationId) {
      show();
      return;
    }
    const opening = new AbortController();
    const end = here.subscribe((now) => {
      if (now !== conversationId || opening.signal.aborted) return;
      opening.abort();
      show();
    });
    opening.signal.addEventListener("abort", end, { once: true });
    lifetime.addEventListener("abort", () => opening.abort(), { once: true, signal: opening.signal });
    // Why it cannot be opened is said where conversations are chosen.
    store.ask({ kind: "conversation", action: "open", conversationId }).catch(() => opening.abort());
  };

  const tell = (message: ChatMessage): void => {
    if (!wanted()) return;
    const conversationId = place;
    const options = { body: plainLine(textOf(message)), tag: message.id };
    desktop.show(plainName(message.author?.userName), options, () => {
      globalThis.focus();
      reveal();
      go(conversationId, message);
    });
  };

  const stop = store.select.messages.subscribe((messages) => {
    const newest = Math.max(known, ...messages.map(seqOf).filter(Number.isFinite));
    const isFirst = place !== store.select.conversationId.peek();
    place = store.select.conversationId.peek();
    const fresh = messages.filter((message) => seqOf(message) > known && Number.isFinite(seqOf(message)));
    known = isFirst ? Math.max(0, ...messages.map(seqOf).filter(Number.isFinite)) : newest;
    if (isFirst || !document.hidden) return;
    for (const message of fresh.filter((each) => isForReader(each, store.select.selfId.peek()))) {
      count += 1;
      countInTitle();
      tell(message);
    }
  });
  const seen = (): void => {
    if (count === 0) return;
    count = 0;
    countInTitle();
  };
  document.addEventListener("visibilitychange", () => document.hidden || seen(), { signal: lifetime });
  lifetime.addEventListener(
    "abort",
    () => {
      stop();
      seen();
    },
    { once: true },
  );
}

function isForReader({ author, metadata }: ChatMessage, self: string): boolean {
  const mentions: unknown = metadata?.mentions;
  return Array.isArray(mentions) && mentions.includes(self) && author?.userId !== self;
}
