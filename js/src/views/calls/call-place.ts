import { placeOf } from "../../keeper";
import type { Store } from "../../store";

/** Which conversation's call a view is in, and as whom. */
export function callPlaceOf(store: Store): string {
  const chat = store.chat.value;
  return chat ? placeOf(chat.conversationId, chat.self.userId) : "";
}
