// Who can be named in this conversation.

import { plainName } from "../plain";
import { choiceGroups } from "../state/choice";
import type { Store } from "../store/store";
import { modelLabel } from "../views/words";
import type { Mentionable } from "./mentions";

/** The hub's word for whichever model answers. */
const ASSISTANT = "assistant";

/** The people but oneself, the assistant, and the models that can be chosen. */
export function mentionables({ select }: Pick<Store, "select">): Mentionable[] {
  const self = select.selfId.value;
  const people = select.participants.value
    .filter(({ userId }) => userId !== self)
    .map(({ userId, userName }) => ({
      name: plainName(userName) || plainName(userId),
      userId,
      choice: null,
    }));
  const models = choiceGroups(select.providers.value).flatMap(({ provider, models }) =>
    models.filter(Boolean).map((model) => ({
      ...{ name: modelLabel(model), userId: null, choice: { provider, model } },
    })),
  );
  return [...people, { name: ASSISTANT, userId: null, choice: null }, ...models];
}
