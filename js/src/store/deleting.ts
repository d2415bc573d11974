// Deleting with a minute to change one's mind: the message is hidden at once, the deletion is sent when the minute is
// over, when the page is left, or at the next start. So none is lost. One that waits for the hub is the queue's from then
// on: taken back or refused there, the message is shown again, in every view.
import { type ReadonlySignal, signal } from "@preact/signals";
import type { ChatState } from "../kernel/messages";
import { isDeleted } from "../messages/parts";
import type { Core } from "./core";

export const UNDO_MS = 60_000;

export interface Deleting {
  /** Hidden messages by id: when the deletion is sent (epoch ms), 0 once it was. */
  readonly deleting: ReadonlySignal<ReadonlyMap<string, number>>;
  remove(messageId: string): void;
  undoRemove(messageId: string): void;
}

export function createDeleting(core: Core): Deleting {
  const deleting = signal<ReadonlyMap<string, number>>(new Map());
  const timers = new Map<string, () => void>();
  let place: string | null = null;
  /** Messages whose deletion the queue has. */
  let queued: ReadonlySet<string> = new Set();

  const update = (change: (waiting: Map<string, number>) => void): void => {
    const next = new Map(deleting.value);
    change(next);
    deleting.value = next;
    // A deletion under way is kept too: whether it was heard is known when the reply comes.
    const own = [...next].filter(([id]) => !queued.has(id));
    if (place !== null) core.keeper.keepDeletions(place, Object.fromEntries(own));
  };

  const forget = (id: string): void => {
    timers.get(id)?.();
    timers.delete(id);
    update((waiting) => waiting.delete(id));
  };

  const send = (id: string): void => {
    timers.get(id)?.();
    timers.delete(id);
    update((waiting) => waiting.set(id, 0));
    core.ask({ kind: "delete", messageId: id }, (reply) => {
      const message = core.state().chat?.messages.find((known) => known.id === id);
      // One that is not loaded comes as a tombstone when it is.
      if (!reply.ok || !message || isDeleted(message)) forget(id);
    });
  };

  const wait = (id: string, at: number): void => {
    timers.get(id)?.();
    timers.set(
      id,
      core.clock.after(Math.max(0, at - core.clock.now()), () => send(id)),
    );
  };

  const follow = (chat: ChatState | null): void => {
    const before = queued;
    const waits = chat?.queue?.items.filter(({ kind, reason }) => kind === "delete" && !reason);
    queued = new Set(waits?.map(({ messageId }) => messageId));
    for (const id of before) if (!queued.has(id)) forget(id);
    for (const id of queued)
      if (deleting.value.get(id) !== 0 || !before.has(id)) update((all) => all.set(id, 0));
  };

  const sendAll = (): void => {
    for (const id of [...timers.keys()]) send(id);
  };

  core.onPlace((now) => {
    if (place !== null) {
      // Nobody comes back to change their mind.
      sendAll();
      update((waiting) => waiting.clear());
    }
    place = now;
    follow(core.state().chat);
    for (const [id, at] of Object.entries(core.keeper.deletions(now))) {
      if (deleting.value.has(id)) continue;
      update((waiting) => waiting.set(id, at));
      // A clock that was set back makes nobody wait longer than a minute.
      wait(id, Math.min(at, core.clock.now() + UNDO_MS));
    }
  });
  // One that was deleted is hidden until the conversation says so itself.
  core.onChange((before, { chat }) => {
    if (before.chat?.queue !== chat?.queue) follow(chat);
    if (deleting.value.size === 0 || before.chat?.messages === chat?.messages) return;
    for (const message of chat?.messages ?? [])
      if (deleting.value.get(message.id) === 0 && isDeleted(message)) forget(message.id);
  });
  globalThis.addEventListener?.("pagehide", sendAll, { signal: core.lifetime });
  core.endWith(() => {
    for (const id of timers.keys()) core.link.tell({ kind: "delete", requestId: id, messageId: id });
    for (const cancel of timers.values()) cancel();
  });

  return {
    deleting,
    remove(id) {
      if (deleting.value.has(id)) return;
      const at = core.clock.now() + UNDO_MS;
      update((waiting) => waiting.set(id, at));
      wait(id, at);
    },
    undoRemove(id) {
      if (timers.has(id)) forget(id);
    },
  };
}
