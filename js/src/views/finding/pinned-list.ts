// The pinned messages of the conversation, also those that are not loaded here.
import { type ReadonlySignal, useComputed, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { ChatMessage } from "../../contract";
import type { Store } from "../../store/store";

/**
 * The pinned messages here, the oldest first, where all messages are here; else the list as the hub last told it: asked for
 * again when a pin comes or goes, or the way to the hub is back.
 */
export function usePinned(store: Store): ReadonlySignal<readonly ChatMessage[]> {
  const { select } = store;
  const told = useSignal<readonly ChatMessage[]>([]);
  const here = useComputed(() => select.messages.value.filter(({ metadata }) => metadata?.pinned));
  const state = useComputed(() => {
    if (!select.hasMore.value || select.settled.value?.conversation === undefined) return "";
    const known = here.value.map(({ id, metadata }) => [id, metadata?.pinned?.at, metadata?.eventSeq]);
    return JSON.stringify([select.conversationId.value, store.connection.value?.state, known]);
  }).value;
  const place = select.conversationId.value;
  useEffect(() => {
    told.value = []; // those of another conversation are no news here
  }, [told, place]);
  useEffect(() => {
    let isOver = false;
    if (state)
      store.ask<ChatMessage[]>({ kind: "pinned" }).then(
        (found) => {
          if (!isOver) told.value = found;
        },
        () => {}, // what was known stays; the badge says that the hub is away
      );
    return () => {
      isOver = true;
    };
  }, [store, told, state]);
  return useComputed(() => (select.hasMore.value ? told.value : here.value));
}
