// Goes to another conversation, and to a message there.
import { effect } from "@preact/signals";
import type { SheetName } from "../../composing/composing";
import type { Store } from "../../store/store";

/** More than the hub takes to be joined; a place that does not come is no longer waited for. */
const PATIENCE_MS = 20_000;

/** Shows another conversation in this chat. Rejects with an Error in plain words. */
export async function goTo(store: Store, conversationId: string): Promise<void> {
  if (isHere(store, conversationId)) return;
  await store.ask({ kind: "conversation", action: "open", conversationId });
  await arrived(store, conversationId);
}

/** The same from a sheet, which closes then; another one that was opened meanwhile stays. */
export async function goFrom(store: Store, sheet: SheetName, conversationId: string): Promise<void> {
  await goTo(store, conversationId);
  if (store.composing.sheet.value === sheet) store.composing.sheet.value = null;
}

export function isHere(store: Store, conversationId: string): boolean {
  return store.select.conversationId.value === conversationId;
}

/** Resolves once the view shows the conversation. */
function arrived(store: Store, conversationId: string): Promise<void> {
  return new Promise((resolve) => {
    let stop = (): void => {};
    let isOver = false;
    const end = (): void => {
      isOver = true;
      stop();
      cancel();
      resolve();
    };
    const cancel = store.clock.after(PATIENCE_MS, end);
    stop = effect(() => {
      if (isHere(store, conversationId)) end();
    });
    if (isOver) stop();
  });
}

/** A sheet that would hide what was asked for closes; one beside it stays. */
export function makeRoom(store: Store, within: Element | null): void {
  const sheet = within?.closest<HTMLElement>(".sheet");
  const stage = sheet?.parentElement;
  if (!sheet || !stage || sheet.offsetWidth > stage.offsetWidth / 2) store.composing.sheet.value = null;
}
