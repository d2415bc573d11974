// What was typed here and not sent (the draft, the outbox) and the model chosen, kept for a reload of the page.
import { effect, type Signal, signal } from "@preact/signals";
import type { ChatState } from "../kernel/messages";
import { type Keeper, type Kept, placeOf } from "./keeper";

export interface Unsent {
  /**
   * Enters the place that the chat names; returns what was kept there, nothing when one is there already. What belongs to
   * another place stays kept there: `leave` empties the outbox.
   */
  settle(chat: ChatState, outbox: readonly Kept[], leave?: () => void): readonly Kept[];
  /** Keeps what is in the outbox now, and forgets what has left it. */
  update(before: readonly Kept[], after: readonly Kept[]): void;
  end(): void;
}

export function createUnsent(keeper: Keeper, draft: Signal<string>, choice: Signal<string>): Unsent {
  /** Conversation and person; null until the kernel has named them. */
  const place = signal<string | null>(null);
  const end = effect(() => {
    if (place.value === null) return;
    keeper.keepDraft(place.value, draft.value);
    keeper.keepChoice(place.value, choice.value);
  });

  const update = (before: readonly Kept[], after: readonly Kept[]): void => {
    const where = place.value;
    if (where === null || before === after) return;
    const ids = new Set(after.map(({ id }) => id));
    for (const { id } of before) if (!ids.has(id)) keeper.forget(where, id);
    for (const message of after) keeper.keepUnsent(where, message);
  };

  return {
    settle({ conversationId, self }, outbox, leave = () => {}) {
      const where = placeOf(conversationId, self.userId);
      if (where === place.value) return [];
      const kept = keeper.unsent(where);
      const isElsewhere = place.value !== null;
      if (isElsewhere) {
        place.value = null;
        draft.value = "";
        choice.value = "";
        leave();
      }
      if (!draft.value) draft.value = keeper.draft(where);
      if (!choice.value) choice.value = keeper.choice(where);
      place.value = where;
      if (!isElsewhere) update([], outbox);
      return kept;
    },
    update,
    end,
  };
}
