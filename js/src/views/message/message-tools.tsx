import { type ReadonlySignal, useComputed } from "@preact/signals";
import type { VNode } from "preact";
import type { ChatMessage } from "../../contract";
import { Lazy, useChunk } from "../../lazy/lazy";
import type { Store } from "../../store/store";

interface MessageToolsProps {
  store: Store;
  message: ChatMessage;
  active: ReadonlySignal<string | null>;
}

/** What can be done with a message, while it is looked at. It lies over the text and moves nothing. */
export function MessageTools({ store, message, active }: MessageToolsProps): VNode | null {
  const isActive = useComputed(() => active.value === message.id).value;
  const { module: actions } = useChunk("actions", isActive);
  return isActive && actions ? <actions.Toolbar store={store} message={message} /> : null;
}

/** The form that stands in place of an own message while it is edited; null while it is not. */
export function useEditing(store: Store, id: string): VNode | null {
  const isEdited = useComputed(() => store.editing.value === id).value;
  const message = isEdited ? store.select.messages.value.find((each) => each.id === id) : undefined;
  return message ? (
    <Lazy chunk="actions">{({ EditForm }) => <EditForm store={store} message={message} />}</Lazy>
  ) : null;
}
