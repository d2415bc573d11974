// Own messages on their way: sent, sent again, given up, and kept for a reload of the page.
import { type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { uuid } from "../identifier";
import type { Choice, Reply, SendOptions } from "../kernel/messages";
import { readChoice } from "../state/choice";
import { discard, failSend, restoreUnsent, startSend } from "../state/state";
import type { Acting } from "./acting";
import type { Branching } from "./branching";
import type { Core } from "./core";
import { createTypingNotifier } from "./typing-notifier";
import { createUnsent } from "./unsent";

export interface Sending {
  readonly draft: Signal<string>;
  /** The model chosen for the next messages, as `choiceText` writes it; empty for the hub's own choice. */
  readonly choice: Signal<string>;
  /** How many messages have been sent here: each brings the end into view, also one the hub has before it is drawn. */
  readonly sent: ReadonlySignal<number>;
  /** Sends a message; who is to answer is the chosen model unless the options name one. */
  send(text: string, options?: SendOptions & Choice): void;
  resend(id: string): void;
  discard(id: string): void;
  typed(): void;
  stoppedTyping(): void;
}

export function createSending(
  core: Core,
  { continues }: Pick<Branching, "continues">,
  replying: Pick<Acting, "replyTo">,
): Sending {
  const draft = signal("");
  const choice = signal("");
  const sent = signal(0);
  const { link, state, set } = core;
  const unsent = createUnsent(core.keeper, draft, choice);
  const typing = createTypingNotifier(core.clock, (isTyping) => link.tell({ kind: "typing", isTyping }));
  core.onChange((before, after) => unsent.update(before.outbox, after.outbox));
  core.onSnapshot((chat) => {
    const kept = unsent.settle(chat, state().outbox, () => set({ ...state(), outbox: [] }));
    if (kept.length === 0) return;
    set(restoreUnsent(state(), kept));
    unsent.update(kept, state().outbox); // what the conversation has by now is kept no longer
  });
  core.endWith(unsent.end);
  core.endWith(typing.stop);

  const deliver = (id: string, text: string, chosen: string, options: SendOptions): void => {
    const requestId = uuid();
    set(startSend(state(), id, requestId, text, chosen, options));
    const settled = (reply: Reply): void => {
      if (!reply.ok) set(failSend(state(), requestId, reply.error.message));
    };
    link.request({ kind: "send", id, text, ...readChoice(chosen), ...options }, settled, requestId);
  };

  /** Where a new message continues: after those that are on their way from the same branch, else after what is shown. */
  const parent = (): SendOptions => {
    const before = state().outbox.findLast(
      (message) => message.state !== "failed" && message.options.parentId,
    );
    const parentId = before?.id ?? continues();
    return parentId ? { parentId } : {};
  };

  return {
    draft,
    choice,
    sent,
    send(text, options = {}) {
      typing.stop();
      core.told(null);
      // Whoever writes wants to see it.
      core.picture.pause(false);
      const replyTo = replying.replyTo.value?.id;
      replying.replyTo.value = null;
      deliver(uuid(), text, choice.value, { ...parent(), ...(replyTo && { replyTo }), ...options });
      sent.value += 1;
    },
    resend(id) {
      const message = state().outbox.find((candidate) => candidate.id === id);
      if (message) deliver(id, message.text, message.choice, message.options);
    },
    discard: (id) => set(discard(state(), id)),
    typed() {
      typing.input();
      link.check();
    },
    stoppedTyping: typing.stop,
  };
}
