// The rules of what waits, which the kernel's queue has too, by the same vectors.
import "fake-indexeddb/auto";
import { readFile } from "node:fs/promises";
import { IDBFactory } from "fake-indexeddb";
import { beforeEach, expect, it, vi } from "vitest";
import { createOpening } from "../../../src/lab/offline/database";
import {
  type Entry,
  GONE,
  MAY_HAVE_ARRIVED,
  NOT_TAKEN_BACK,
  NOT_WAITING,
  newEntry,
  TOO_EARLY,
  TOO_LARGE,
  TOO_MANY,
  type Wish,
  WORDLESS,
} from "../../../src/lab/offline/entries";
import { added, moved, removed, reworded, triedAgain } from "../../../src/lab/offline/merging";
import { attempted, refused, settled, unheard } from "../../../src/lab/offline/outcomes";
import { type BrowserQueue, type Change, openQueue } from "../../../src/lab/offline/queue";

interface Step {
  do: string;
  id: string;
  about: string;
  text?: string;
  mib?: number;
  parent?: string;
  emoji: string;
  on: boolean;
  seq: number;
  to: number;
  reason?: string;
  kind: string;
  revision: number;
  count: number;
}

interface Case {
  name: string;
  steps: Step[];
  error?: string;
  queue?: object[];
  ids?: string[] | { count: number; last: string };
}

const FILE = new URL("../../../../tests/vectors/offline_queue.json", import.meta.url);
const { cases, defaults } = JSON.parse(await readFile(FILE, "utf8")) as {
  cases: Case[];
  defaults: Record<string, unknown>;
};
const ERRORS: Record<string, string> = {
  ...{ gone: GONE, "may have arrived": MAY_HAVE_ARRIVED, "may be done": NOT_TAKEN_BACK },
  ...{ "not waiting": NOT_WAITING, "too early": TOO_EARLY, wordless: WORDLESS },
  ...{ "too many": TOO_MANY, "too large": TOO_LARGE },
};

beforeEach(() => {
  vi.stubGlobal("indexedDB", new IDBFactory());
});

const wordsOf = ({ mib, text, reason }: Step): string =>
  mib ? "x".repeat(mib * 1024 * 1024) : (text ?? reason ?? "");

function wishOf(step: Step): Wish {
  const { id, about: messageId, emoji, on, seq, parent } = step;
  if (step.do === "say")
    return { kind: "send", id, text: wordsOf(step), ...(parent !== undefined && { parentId: parent }) };
  if (step.do === "edit") return { kind: "edit", messageId, text: wordsOf(step) };
  if (step.do === "delete") return { kind: "delete", messageId };
  return step.do === "read" ? { kind: "read", seq } : { kind: "react", messageId, emoji, on };
}

const ACTS: Record<string, (step: Step) => Change> = {
  reword: (step) => (entries) => reworded(entries, step.id, wordsOf(step)),
  takeBack:
    ({ id }) =>
    (entries) =>
      removed(entries, id),
  move:
    ({ id, to }) =>
    (entries) =>
      moved(entries, id, to),
  again:
    ({ id }) =>
    (entries) =>
      triedAgain(entries, id),
  fill:
    ({ count }) =>
    (entries) => [
      ...entries,
      ...Array.from({ length: count }, (_, at) => newEntry({ kind: "send", id: `f${at}`, text: "" }, "", 0)),
    ],
};
const kindOf = (kind: string): Wish["kind"] => (kind === "message" ? "send" : (kind as Wish["kind"]));
const OUTCOMES: Record<string, (step: Step) => Change> = {
  attempt:
    ({ id }) =>
    (entries) =>
      attempted(entries, id),
  unheard:
    ({ id }) =>
    (entries) =>
      unheard(entries, id),
  done:
    ({ id, revision }) =>
    (entries) =>
      settled(entries, id, revision),
  refuse: (step) => (entries) => refused(entries, step.id, wordsOf(step), kindOf(step.kind)),
};

function take(queue: BrowserQueue, step: Step): Promise<void> {
  const outcome = OUTCOMES[step.do];
  if (outcome) return queue.note(outcome(step));
  const act = ACTS[step.do] ?? ((step) => (entries) => added(entries, newEntry(wishOf(step), step.id, 0)));
  return queue.change(act(step));
}

function written({ id, messageId, wish, created: _created, ...marks }: Entry): object {
  const said: Record<string, unknown> = {
    ...{ about: wish.kind === "send" ? "" : messageId, ...marks },
    ...("text" in wish && { text: wish.text }),
    ...("parentId" in wish && { parent: wish.parentId }),
    ...("seq" in wish && { seq: wish.seq }),
    ...(wish.kind === "react" && { emoji: wish.emoji, on: wish.on }),
  };
  const kind = wish.kind === "send" ? "message" : wish.kind;
  return { id, kind, ...Object.fromEntries(Object.entries(said).filter(([k, v]) => v !== defaults[k])) };
}

it.each(cases)("$name", async ({ steps, error, queue: expected, ids }) => {
  const queue = openQueue(createOpening(), ["http://vectors/", "ann", "c"], () => {});
  for (const step of steps.slice(0, -1)) await take(queue, step);
  const last = take(queue, steps.at(-1) as Step);
  if (error === undefined) await last;
  else await expect(last).rejects.toThrow(ERRORS[error]);
  await queue.read();
  const { entries } = queue;
  if (expected) expect(entries.map(written)).toEqual(expected);
  else if (Array.isArray(ids)) expect(entries.map(({ id }) => id)).toEqual(ids);
  else expect({ count: entries.length, last: entries.at(-1)?.id }).toEqual(ids);
  queue.close();
});
