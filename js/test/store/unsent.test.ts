import { type Signal, signal } from "@preact/signals";
import { expect, it } from "vitest";
import { createKeeper, placeOf } from "../../src/store/keeper";
import { createUnsent } from "../../src/store/unsent";
import { chatState } from "../support/chat";

/** A tab's storage that the test can look into. */
class Tab {
  readonly kept = new Map<string, string>();
  getItem = (key: string): string | null => this.kept.get(key) ?? null;
  setItem = (key: string, value: string): void => void this.kept.set(key, value);
  removeItem = (key: string): void => void this.kept.delete(key);
}

const unchosen = (): Signal<string> => signal("");
const HI = { id: "1", text: "Hi" };
const HO = { id: "2", text: "Ho" };
const PLACE = placeOf("team", "ada");

it("gives back what a reload found, once", () => {
  const keeper = createKeeper(new Tab());
  keeper.keepDraft(PLACE, "half a sen");
  keeper.keepUnsent(PLACE, HI);
  const draft = signal("");
  const unsent = createUnsent(keeper, draft, unchosen());
  expect(unsent.settle(chatState(), [])).toEqual([HI]);
  expect(draft.value).toBe("half a sen");
  expect(unsent.settle(chatState(), [])).toEqual([]);
});

it("keeps what was written before the kernel named the place, and the draft with it", () => {
  const keeper = createKeeper(new Tab());
  const draft = signal("typed early");
  const unsent = createUnsent(keeper, draft, unchosen());
  unsent.update([], [HI]);
  expect(keeper.unsent(PLACE)).toEqual([]);
  unsent.settle(chatState(), [HI]);
  expect(keeper.unsent(PLACE)).toEqual([HI]);
  expect(keeper.draft(PLACE)).toBe("typed early");
});

it("forgets what has left the outbox and keeps the rest", () => {
  const keeper = createKeeper(new Tab());
  const unsent = createUnsent(keeper, signal(""), unchosen());
  unsent.settle(chatState(), []);
  unsent.update([], [HI, HO]);
  unsent.update([HI, HO], [HO]);
  expect(keeper.unsent(PLACE)).toEqual([HO]);
});

it("keeps nothing any more after its end", () => {
  const keeper = createKeeper(new Tab());
  const draft = signal("");
  const unsent = createUnsent(keeper, draft, unchosen());
  unsent.settle(chatState(), []);
  draft.value = "before";
  unsent.end();
  draft.value = "after";
  expect(keeper.draft(PLACE)).toBe("before");
});

it("keeps the model chosen for a conversation", () => {
  const keeper = createKeeper(new Tab());
  const first = signal("");
  createUnsent(keeper, signal(""), first).settle(chatState(), []);
  first.value = '["openai","gpt"]';
  const second = signal("");
  createUnsent(keeper, signal(""), second).settle(chatState(), []);
  expect(second.value).toBe('["openai","gpt"]');
  const other = signal("");
  createUnsent(keeper, signal(""), other).settle(chatState({ conversationId: "other" }), []);
  expect(other.value).toBe("");
});
