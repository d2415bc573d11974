// Sends a text that names people, models or variables of the kernel.

import { mentionables } from "../composing/mentionables";
import { namedIn } from "../composing/named-in";
import type { Store } from "../store";
import { listed, text } from "../texts/texts";
import { contextNames } from "./context-mentions";

/** Whether there is a kernel that tells of its variables: a view that reaches the hub without one has none. */
export function hasVariables(store: Pick<Store, "chat">): boolean {
  return store.chat.value?.variables === true;
}

/**
 * Sends a text with what it names. Variables go along as they were shown; where one was not yet, it is shown and nothing
 * is sent: returns why, in words.
 */
export async function sendNamed(store: Store, content: string): Promise<string | null> {
  const people = new Set(mentionables(store).map(({ name }) => name.toLowerCase()));
  const names = (hasVariables(store) ? contextNames(content) : []).filter(
    (name) => !people.has(name.toLowerCase()),
  );
  const draft =
    names.length > 0 ? (await store.chunks.load("context").catch(() => null))?.contextDraft(store) : null;
  const unseen = (await draft?.unseen(content)) ?? [];
  if (unseen.length > 0) return text("writing.look", { names: listed(unseen.map((name) => `@${name}`)) });
  const context = draft?.take(content) ?? [];
  store.send(content, {
    ...store.composing.takeOptions(),
    ...namedIn(content, store),
    ...(context.length > 0 && { context }),
  });
  return null;
}
