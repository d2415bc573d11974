// Sends a text that names people, models or variables of the kernel.

import { mentionables } from "../composing/mentionables";
import { namedIn } from "../composing/named-in";
import type { Store } from "../store/store";
import { listed, text } from "../texts/texts";
import type { Unseen } from "./context-draft";
import { contextNames } from "./context-mentions";
import { MOST_ITEMS } from "./described";
import { hasVariables } from "./has-variables";

/**
 * Sends a text with what it names. Variables go along as they were shown. Where one was not shown yet, cannot be read at
 * present (a cell runs) or finds no place, nothing is sent: returns why, in words. Sent again, the message goes as it is.
 */
export async function sendNamed(store: Store, content: string): Promise<string | null> {
  const people = new Set(mentionables(store).map(({ name }) => name.toLowerCase()));
  const names = (hasVariables(store) ? contextNames(content) : []).filter(
    (name) => !people.has(name.toLowerCase()),
  );
  const draft =
    names.length > 0 ? (await store.chunks.load("context").catch(() => null))?.contextDraft(store) : null;
  const why = draft && whyNotYet(await draft.unseen(content));
  if (why) return why;
  const context = draft?.take(content) ?? [];
  store.send(content, {
    ...store.composing.takeOptions(),
    ...namedIn(content, store),
    ...(context.length > 0 && { context }),
  });
  return null;
}

function whyNotYet({ fresh, unread, over }: Unseen): string {
  return [
    fresh.length > 0 && text("writing.look", { names: named(fresh) }),
    unread.length > 0 && text("writing.unread", { names: named(unread) }),
    over.length > 0 && text("writing.over", { names: named(over), most: MOST_ITEMS }),
  ]
    .filter(Boolean)
    .join(" ");
}

function named(names: readonly string[]): string {
  return listed(names.map((name) => `@${name}`));
}
