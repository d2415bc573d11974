// Which messages of the tree are shown. Pure; the Python side passes the same vectors (tests/vectors/branches.json).
import type { ChatMessage } from "../contract";

/** A viewer's choices: id of a message (empty: the beginning) → id of the one shown after it. */
export type BranchChoices = Readonly<Record<string, string>>;

export interface Branches {
  /** From the first to the last message of the branch that is looked at. */
  readonly shown: readonly ChatMessage[];
  /** For each shown message that has others in its place: all of them, the oldest first. */
  readonly siblings: ReadonlyMap<string, readonly string[]>;
  /** Id of the message that each shown message continues; empty for the first. */
  readonly parents: ReadonlyMap<string, string>;
}

/** In place of the place of a parent: there is none. */
const START = -1;

/** A conversation as a tree, by the places of its messages in the list. */
interface Tree {
  /** The place of each message's parent. */
  parents: Int32Array;
  places: ReadonlyMap<string, number>;
}

/**
 * Returns the branch that a viewer looks at. `messages` are in the order of their positions. A message continues the one
 * that `parentId` names, else the one it is a version of continues (`editOf`), else the one before it. Without a choice
 * the branch with the newest message is shown. What continues a message that is not at hand stands at the beginning.
 */
export function branchesOf(messages: readonly ChatMessage[], choices: BranchChoices): Branches {
  const tree = treeOf(messages);
  if (!tree) return { shown: messages, siblings: new Map(), parents: new Map() };
  const next = nextPlaces(tree.parents);
  const path: number[] = [];
  const shown: ChatMessage[] = [];
  const parents = new Map<string, string>();
  let parent = START;
  for (;;) {
    const parentId = messages[parent]?.id ?? "";
    const choice = Object.hasOwn(choices, parentId) ? tree.places.get(choices[parentId] ?? "") : undefined;
    const isChild = choice !== undefined && tree.parents[choice] === parent;
    const at: number = isChild ? choice : (next[parent + 1] ?? START);
    const message = messages[at];
    if (!message) break;
    path.push(at);
    shown.push(message);
    parents.set(message.id, parentId);
    parent = at;
  }
  return { shown, siblings: siblingsOf(path, tree.parents, messages), parents };
}

/** The message that a new one must name to continue this branch; null where it is the newest message anyway. */
export function parentToName({ shown }: Branches, messages: readonly ChatMessage[]): string | null {
  const last = shown.at(-1);
  return last && last !== messages.at(-1) ? last.id : null;
}

/** The tree; null where every message continues the one before it. */
function treeOf(messages: readonly ChatMessage[]): Tree | null {
  if (!messages.some(({ parentId, metadata }) => parentId || metadata?.editOf)) return null;
  const places = new Map<string, number>();
  const parents = new Int32Array(messages.length);
  let isLine = true;
  for (const [at, { id, parentId, metadata }] of messages.entries()) {
    const parent = parentOf(at, parentId, metadata?.editOf, places, parents);
    isLine &&= parent === at - 1;
    parents[at] = parent;
    places.set(id, at);
  }
  return isLine ? null : { parents, places };
}

/** What is named counts only where it came before: the list has no circles. */
function parentOf(
  at: number,
  parentId: string | null | undefined,
  editOf: unknown,
  places: ReadonlyMap<string, number>,
  parents: Int32Array,
): number {
  if (parentId) return places.get(parentId) ?? START;
  const old = typeof editOf === "string" ? places.get(editOf) : undefined;
  return old === undefined ? at - 1 : (parents[old] ?? START);
}

/** The place of the child that leads to the newest message, for the start and then for each message. */
function nextPlaces(parents: Int32Array): Int32Array {
  const newest = new Int32Array(parents.length + 1).fill(START);
  const next = new Int32Array(parents.length + 1).fill(START);
  for (let at = parents.length - 1; at >= 0; at -= 1) {
    const below = Math.max(at, newest[at + 1] ?? START);
    const parent = (parents[at] ?? START) + 1;
    if (below <= (newest[parent] ?? START)) continue;
    newest[parent] = below;
    next[parent] = at;
  }
  return next;
}

/** All that stands in the place of each message on the path, where that is more than one. */
function siblingsOf(
  path: readonly number[],
  parents: Int32Array,
  messages: readonly ChatMessage[],
): Map<string, string[]> {
  const shown = new Map(path.map((at) => [parents[at] ?? START, messages[at]?.id ?? ""]));
  const all = new Map<string, string[]>();
  for (const [at, parent] of parents.entries()) {
    const id = shown.get(parent);
    if (id === undefined) continue;
    const others = all.get(id);
    if (others) others.push(messages[at]?.id ?? "");
    else all.set(id, [messages[at]?.id ?? ""]);
  }
  return new Map([...all].filter(([, others]) => others.length > 1));
}
