import type { Store } from "../store/store";
import { retold, text } from "../texts/texts";

/** Why nothing can be written here, in words; null where it can. */
export function whyClosed(store: Store): string | null {
  const { readOnly, conversation } = store.select.settled.value ?? {};
  const why = readOnly ?? (conversation?.role === "reader" && "This access may read and not write.");
  if (why) return retold(why);
  return store.connection.value?.state === "removed" ? text("connection.removed") : null;
}
