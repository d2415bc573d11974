// Who came and who left, as quiet lines among the messages: one line for each gap between two messages.
import { computed, effect, type ReadonlySignal, signal } from "@preact/signals";
import type { NoticeLine, Participant } from "../../contract";
import { seqOf } from "../../messages/parts";
import type { Store } from "../../store/store";
import { text } from "../../texts/texts";
import { shownName } from "../words";
import { nameList } from "../writing/typing-words";

/** What happened after one message: names by user id. */
export interface Gap {
  readonly afterSeq: number;
  readonly joined: ReadonlyMap<string, string>;
  readonly left: ReadonlyMap<string, string>;
}

/** The most gaps that are remembered; the oldest are forgotten. */
const MOST_GAPS = 20;
const NO_GAPS: readonly Gap[] = [];

/** The gaps with what changed from one list of people to the next; who comes back where they left never went. */
export function withChange(
  gaps: readonly Gap[],
  before: readonly Participant[],
  after: readonly Participant[],
  afterSeq: number,
): readonly Gap[] {
  const came = missingFrom(before, after);
  const went = missingFrom(after, before);
  if (came.length + went.length === 0) return gaps;
  const last = gaps.at(-1)?.afterSeq === afterSeq ? gaps.at(-1) : undefined;
  const joined = new Map(last?.joined);
  const left = new Map(last?.left);
  for (const { userId, userName } of came) if (!left.delete(userId)) joined.set(userId, userName);
  for (const { userId, userName } of went) if (!joined.delete(userId)) left.set(userId, userName);
  const others = last ? gaps.slice(0, -1) : gaps;
  return joined.size + left.size > 0 ? [...others, { afterSeq, joined, left }].slice(-MOST_GAPS) : others;
}

function missingFrom(known: readonly Participant[], people: readonly Participant[]): Participant[] {
  const ids = new Set(known.map(({ userId }) => userId));
  return people.filter(({ userId }) => !ids.has(userId));
}

/** A gap in words, however many they are: "Ana, Bo and 3 others joined. Cy left." */
export function comingWords({ joined, left }: Gap): string {
  const names = (people: ReadonlyMap<string, string>): string =>
    nameList([...people.values()].map(shownName));
  return [
    joined.size > 0 ? text("people.joined", { who: names(joined), count: joined.size }) : "",
    left.size > 0 ? text("people.left", { who: names(left), count: left.size }) : "",
  ]
    .filter(Boolean)
    .join(" ");
}

const lines = new WeakMap<Store, ReadonlySignal<readonly NoticeLine[]>>();

/** The lines of a store; they live as long as it does. */
export function comings(store: Store): readonly NoticeLine[] {
  const known = lines.get(store) ?? watch(store);
  lines.set(store, known);
  return known.value;
}

function watch({ select, connection }: Store): ReadonlySignal<readonly NoticeLine[]> {
  const gaps = signal(NO_GAPS);
  let before: readonly Participant[] | null = null;
  let place = "";
  effect(() => {
    const people = select.participants.value;
    const here = select.conversationId.value;
    const live = connection.value?.state === "live";
    if (here !== place) gaps.value = NO_GAPS;
    // Who came and went while we were away is no news of this moment.
    if (before && live && here === place)
      gaps.value = withChange(gaps.peek(), before, people, seqOf(select.messages.peek().at(-1)));
    place = here;
    before = live ? people : null;
  });
  /** What is shown while an answer is written, so that nothing moves it. */
  let still: readonly Gap[] = NO_GAPS;
  return computed(() => {
    const newest = gaps.value;
    if (!select.stoppable.value) still = newest;
    return still.map(lineOf);
  });
}

function lineOf(gap: Gap): NoticeLine {
  return {
    ...{ id: `people-${gap.afterSeq}`, kind: "announcement", text: comingWords(gap), timestamp: "" },
    ...{ priority: 0, afterSeq: gap.afterSeq, conversationId: null, messageId: null, said: null },
  };
}
