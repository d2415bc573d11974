// How far one has read: told to the hub at most once a second (of several chats not all in the same moment), and only
// forward. Where one stopped reading a line stands.
import { type ReadonlySignal, signal } from "@preact/signals";
import { seqOf } from "../messages/parts";
import type { Core } from "./core";

const EVERY_MS = 1_000;

export interface Reading {
  /** Everything up to this position had been read when one came, or came back; null where nothing is new. */
  readonly unreadAfter: ReadonlySignal<number | null>;
  /** The end of the conversation is in view, up to this position; 0: something else is. */
  inView(seq: number): void;
}

export function createReading(core: Core, isVisible: () => boolean = pageIsVisible): Reading {
  const unreadAfter = signal<number | null>(null);
  let told = 0;
  let read = 0;
  let inView = 0;
  let cancel: (() => void) | null = null;

  const tell = (): void => {
    cancel = null;
    if (read <= told) return;
    told = read;
    core.link.tell({ kind: "read", seq: told });
    cancel = core.clock.after(EVERY_MS * (1 + Math.random()), tell);
  };
  const update = (): void => {
    if (!Number.isFinite(inView) || inView <= read) return;
    if (isVisible()) {
      read = inView;
      if (!cancel) tell();
    } else if (unreadAfter.value === null || unreadAfter.value < read) unreadAfter.value = read;
  };

  core.onPlace(() => {
    const chat = core.state().chat;
    const mark = chat?.readMarks?.[chat.self.userId] ?? null;
    told = mark ?? 0;
    read = told;
    inView = 0;
    const isBehind = mark !== null && mark > 0 && seqOf(chat?.messages.at(-1)) > mark;
    unreadAfter.value = isBehind ? mark : null;
  });
  // Whoever writes has read.
  core.onChange((before, after) => {
    if (after.outbox.length > before.outbox.length) unreadAfter.value = null;
  });
  core.endWith(() => cancel?.());
  globalThis.document?.addEventListener("visibilitychange", update, { signal: core.lifetime });
  return {
    unreadAfter,
    inView(seq) {
      inView = seq;
      update();
    },
  };
}

function pageIsVisible(): boolean {
  return globalThis.document?.visibilityState !== "hidden";
}
