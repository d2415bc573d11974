// Who a draft names in this conversation.
import type { Choice, SendOptions } from "../kernel/messages";
import type { Store } from "../store/store";
import { mentionables } from "./mentionables";
import { mentioned } from "./mentions";

/** Returns whom a text names: the people, and the model where it is one. */
export function namedIn(text: string, store: Pick<Store, "select">): SendOptions & Choice {
  const named = mentioned(text, mentionables(store));
  const mentions = named.flatMap(({ userId }) => userId ?? []);
  const models = named.flatMap(({ choice }) => choice ?? []);
  return { ...(mentions.length > 0 && { mentions }), ...(models.length === 1 && models[0]) };
}
