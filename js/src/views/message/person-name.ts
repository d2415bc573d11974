import type { Store } from "../../store/store";
import { text } from "../../texts/texts";
import { shownName } from "../words";

/** What a person is called here: oneself "You"; one who has left as their messages name them. */
export function personName(store: Store, userId: string): string {
  if (userId === store.select.selfId.value) return text("message.you");
  const present = store.select.participants.value.find((person) => person.userId === userId)?.userName;
  const wrote = (): string | undefined =>
    store.select.messages.value.findLast(({ author }) => author?.userId === userId)?.author?.userName;
  return shownName(present ?? wrote() ?? text("message.someone"));
}
