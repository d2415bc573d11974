// What can be done with a message, by whom.
import type { VNode } from "preact";
import { whyClosed } from "../../composing/closed";
import type { ChatMessage } from "../../contract";
import { isDeleted, textOf } from "../../messages/parts";
import { choiceGroups } from "../../state/choice";
import { isEditable } from "../../store/acting";
import type { Store } from "../../store/store";
import { text } from "../../texts/texts";
import { copyText } from "../copy-text";
import { CopyIcon } from "../icons";
import { modelLabel } from "../words";
import { asCell, codeOf } from "./copied";
import { DeleteIcon, EditIcon, PinIcon, RegenerateIcon, ReplyIcon } from "./icons";

/** How many other models a menu offers. */
const MOST_MODELS = 8;
/** What takes no right to write. */
const READING: ReadonlySet<string> = new Set(["copy", "code", "cell"]);

export interface MessageAction {
  key: string;
  label: string;
  /** Actions with an icon stand in the toolbar; all stand in the menu. */
  icon?: () => VNode;
  /** What is said in place of the label for a moment when it is done. */
  done?: string;
  /** Does it; what has a `done` resolves with whether it could be done, or why not in words. */
  run(): unknown;
}

/** Everything that a viewer may do with a message, the most usual first; React is a part of its own. */
export function actionsOf(store: Store, message: ChatMessage): MessageAction[] {
  const words = textOf(message);
  const code = codeOf(words);
  const self = store.select.selfId.value;
  const isAnswer = message.role === "assistant";
  const actions: (MessageAction | false)[] = [
    words !== "" && copying("copy", text("message.copy"), words, CopyIcon),
    {
      key: "reply",
      label: text("actions.reply"),
      icon: ReplyIcon,
      run() {
        store.replyTo.value = message;
      },
    },
    isEditable(message, self) && {
      key: "edit",
      label: text("actions.edit"),
      icon: EditIcon,
      run() {
        store.editing.value = message.id;
      },
    },
    isAnswer && {
      key: "regenerate",
      label: text("actions.regenerate"),
      icon: RegenerateIcon,
      run: () => store.regenerate(message.id),
    },
    mayPin(store, message) && pinning(store, message),
    isDeletable(store, message) && {
      key: "delete",
      label: text("actions.delete"),
      icon: DeleteIcon,
      run: () => store.remove(message.id),
    },
    code !== "" && copying("code", text("message.copyCode"), code),
    words !== "" && copying("cell", text("actions.copyCell"), asCell(words)),
    ...(isAnswer ? otherModels(store, message) : []),
  ];
  const shown = actions.filter((action) => action !== false);
  return whyClosed(store) ? shown.filter(({ key }) => READING.has(key)) : shown;
}

/** Whoever may write, where the hub can do it. */
function mayPin(store: Store, message: ChatMessage): boolean {
  const { conversation } = store.select.settled.value ?? {};
  return Boolean(conversation && conversation.role !== "reader" && !isDeleted(message));
}

function pinning(store: Store, message: ChatMessage): MessageAction {
  const isPinned = message.metadata?.pinned !== undefined;
  return {
    key: "pin",
    label: text(isPinned ? "actions.unpin" : "actions.pin"),
    icon: PinIcon,
    done: text(isPinned ? "actions.unpinned" : "actions.pinned"),
    run: () =>
      store.ask({ kind: "pin", messageId: message.id, on: !isPinned }).then(
        () => true,
        (error: Error) => error.message,
      ),
  };
}

/** One's own messages, the answers to them, and as an owner all; as the hub has it. */
function isDeletable(store: Store, message: ChatMessage): boolean {
  if (isDeleted(message)) return false;
  const self = store.select.selfId.value;
  if (store.select.settled.value?.conversation?.role === "owner" || isEditable(message, self)) return true;
  const { parentId } = message;
  const asked =
    message.role === "assistant" && parentId
      ? store.select.messages.value.find(({ id }) => id === parentId)
      : undefined;
  return asked?.role === "user" && asked.author?.userId === self;
}

function copying(key: string, label: string, words: string, icon?: () => VNode): MessageAction {
  return { key, label, ...(icon && { icon }), done: text("message.copied"), run: () => copyText(words) };
}

function otherModels(store: Store, message: ChatMessage): MessageAction[] {
  const { provider: usedProvider, model: usedModel } = message.metadata ?? {};
  return choiceGroups(store.select.providers.value)
    .flatMap(({ provider, models }) => models.map((model) => ({ provider, model })))
    .filter(({ provider, model }) => provider !== usedProvider || model !== usedModel)
    .slice(0, MOST_MODELS)
    .map(({ provider, model }) => ({
      key: `regenerate ${provider} ${model}`,
      label: text("actions.regenerateWith", { model: modelLabel(model) || provider }),
      run: () => store.regenerate(message.id, { provider, ...(model && { model }) }),
    }));
}
