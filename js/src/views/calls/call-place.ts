import { placeOf } from "../../store/keeper";
import type { Store } from "../../store/store";

/** Which conversation's call a chat is in, as whom, and which chat it is: two cells may show the same conversation. */
export function callPlaceOf(store: Store): string {
  const chat = store.select.settled.value;
  return chat ? placeOf(chat.conversationId, chat.self.userId) + store.host.trait("saved_class") : "";
}
