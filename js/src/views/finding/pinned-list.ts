// The pinned messages of the conversation, also those that are not loaded here.
import { type Signal, useComputed, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { ChatMessage } from "../../contract";
import type { Store } from "../../store/store";

/** The list as the hub last told it: asked for again when a pin comes or goes, or the way to the hub is back. */
export function usePinned(store: Store): Signal<readonly ChatMessage[]> {
  const list = useSignal<readonly ChatMessage[]>([]);
  const state = useComputed(() => {
    if (store.select.settled.value?.conversation === undefined) return "";
    const pinned = store.select.messages.value.filter(({ metadata }) => metadata?.pinned);
    const known = pinned.map(({ id, metadata }) => [id, metadata?.pinned?.at, metadata?.eventSeq]);
    return JSON.stringify([store.select.conversationId.value, store.connection.value?.state, known]);
  }).value;
  const place = store.select.conversationId.value;
  useEffect(() => {
    list.value = []; // those of another conversation are no news here
  }, [list, place]);
  useEffect(() => {
    let isOver = false;
    if (state)
      store.ask<ChatMessage[]>({ kind: "pinned" }).then(
        (found) => {
          if (!isOver) list.value = found;
        },
        () => {}, // what was known stays; the badge says that the hub is away
      );
    return () => {
      isOver = true;
    };
  }, [store, list, state]);
  return list;
}
