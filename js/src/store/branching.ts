// Which branch of the conversation this viewer looks at.
import { computed, type ReadonlySignal, signal } from "@preact/signals";
import type { ChatMessage } from "../contract";
import { type BranchChoices, type Branches, branchesOf, parentToName } from "../state/branches";
import type { Core } from "./core";

export interface Branching {
  /** The messages shown, and what else stands in the place of each. */
  readonly branches: ReadonlySignal<Branches>;
  /** Shows the branch beside that of a shown message: -1 the one before, 1 the next. */
  chooseBranch(messageId: string, step: -1 | 1): void;
  /** Shows the branch that a message is in. */
  showBranchOf(messageId: string): void;
  /** What is written next in the place of a message is shown when it comes. */
  followBranch(messageId: string): void;
  /** What a new message must name to continue what is shown; null: nothing. */
  continues(): string | null;
}

const NONE: readonly ChatMessage[] = [];

export function createBranching(core: Core): Branching {
  const choices = signal<BranchChoices>({});
  const { messages } = core.select;
  const branches = computed(() => branchesOf(messages.value, choices.value));
  let place: string | null = null;

  const choose = (next: BranchChoices): void => {
    choices.value = next;
    if (place !== null) core.keeper.keepBranches(place, next);
  };

  core.onPlace((now) => {
    place = now;
    choices.value = core.keeper.branches(now);
  });

  return {
    branches,
    chooseBranch(messageId, step) {
      const { siblings, parents } = branches.value;
      const others = siblings.get(messageId) ?? [];
      const next = others[others.indexOf(messageId) + step];
      if (next !== undefined) choose({ ...choices.value, [parents.get(messageId) ?? ""]: next });
    },
    showBranchOf(messageId) {
      // What is not drawn yet counts, too. The branches up to a message are those shown when it is the newest.
      const all = core.state().chat?.messages ?? NONE;
      if (branchesOf(all, choices.value).shown.some(({ id }) => id === messageId)) return;
      const upTo = branchesOf(all.slice(0, all.findIndex(({ id }) => id === messageId) + 1), {});
      if (upTo.shown.at(-1)?.id !== messageId) return;
      const path = upTo.shown.map(({ id }, index) => [upTo.shown[index - 1]?.id ?? "", id] as const);
      if (path.length > 0) choose({ ...choices.value, ...Object.fromEntries(path) });
    },
    followBranch(messageId) {
      const parent = branches.value.parents.get(messageId);
      if (parent === undefined || !Object.hasOwn(choices.value, parent)) return;
      const { [parent]: _followed, ...rest } = choices.value;
      choose(rest);
    },
    continues() {
      // What is not drawn yet counts, too.
      const all = core.state().chat?.messages ?? NONE;
      return parentToName(branchesOf(all, choices.value), all);
    },
  };
}
