// What people do with a message that stands in the conversation.
import { type ReadonlySignal, type Signal, signal } from "@preact/signals";
import type { ChatMessage } from "../contract";
import type { Choice, Reply } from "../kernel/messages";
import { isDeleted } from "../messages/parts";
import type { Branching } from "./branching";
import type { Core } from "./core";

export interface Acting {
  /** Id of the own message that is being edited in its place. */
  readonly editing: Signal<string | null>;
  /** The message that the next one answers. */
  readonly replyTo: Signal<ChatMessage | null>;
  /** Edits in its place the last own message that is shown; false where there is none. */
  editLast(): boolean;
  /** Sends the new text of an own message; resolves with why it was refused, null when it was not. */
  edit(messageId: string, text: string): Promise<string | null>;
  react(messageId: string, emoji: string, on: boolean): void;
  /** Asks for another answer beside this one, of another model where one is named. */
  regenerate(messageId: string, choice?: Choice): void;
  /** Ids of the answers for which another one was asked, until the hub has confirmed it. */
  readonly regenerating: ReadonlySignal<ReadonlySet<string>>;
}

export function createActing(core: Core, branching: Branching): Acting {
  const editing = signal<string | null>(null);
  const replyTo = signal<ChatMessage | null>(null);
  const regenerating = signal<ReadonlySet<string>>(new Set());

  core.onPlace(() => {
    editing.value = null;
    replyTo.value = null;
  });

  return {
    editing,
    replyTo,
    regenerating,
    editLast() {
      const self = core.select.selfId.value;
      const last = branching.branches.value.shown.findLast((message) => isEditable(message, self));
      if (last) editing.value = last.id;
      return last !== undefined;
    },
    edit(messageId, text) {
      branching.followBranch(messageId);
      return new Promise((resolve) => {
        core.link.request({ kind: "edit", messageId, text }, (reply: Reply) => {
          if (reply.ok && editing.value === messageId) editing.value = null;
          resolve(reply.ok ? null : reply.error.message);
        });
      });
    },
    react: (messageId, emoji, on) => core.ask({ kind: "react", messageId, emoji, on }),
    regenerate(messageId, choice = {}) {
      if (regenerating.value.has(messageId)) return;
      branching.followBranch(messageId);
      regenerating.value = new Set([...regenerating.value, messageId]);
      core.ask({ kind: "regenerate", messageId, ...choice }, () => {
        regenerating.value = new Set([...regenerating.value].filter((id) => id !== messageId));
      });
    },
  };
}

/** Whether a person may give a message another text: it is their own, and still there. */
export function isEditable(message: ChatMessage, self: string): boolean {
  return message.role === "user" && message.author?.userId === self && !isDeleted(message);
}
