import { expect, it } from "vitest";
import {
  type Entry,
  GONE,
  MAY_HAVE_ARRIVED,
  newEntry,
  TOO_EARLY,
  type Wish,
} from "../../../src/lab/offline/entries";
import { added, moved, removed, reworded, triedAgain } from "../../../src/lab/offline/merging";
import { attempted, refused, settled } from "../../../src/lab/offline/outcomes";

let number = 0;
/** The queue after somebody did these, one after the other. */
const after = (...wishes: Wish[]): Entry[] =>
  wishes.reduce<Entry[]>((entries, wish) => {
    number += 1;
    return added(entries, newEntry(wish, `w${number}`, 0));
  }, []);
const say = (id: string, text = id, parentId?: string): Wish => ({
  ...{ kind: "send", id, text },
  ...(parentId !== undefined && { parentId }),
});
const edit = (messageId: string, text: string): Wish => ({ kind: "edit", messageId, text });
const remove = (messageId: string): Wish => ({ kind: "delete", messageId });
const react = (messageId: string, on = true): Wish => ({ kind: "react", messageId, emoji: "👍", on });
const read = (seq: number): Wish => ({ kind: "read", seq });
const wishes = (entries: readonly Entry[]): Wish[] => entries.map(({ wish }) => wish);

it("merges what is done meanwhile with what waits", () => {
  expect(wishes(after(say("a"), edit("a", "better")))).toEqual([say("a", "better")]);
  expect(after(say("a"), react("a"), remove("a"))).toEqual([]);
  expect(wishes(after(edit("m", "one"), edit("m", "two")))).toEqual([edit("m", "two")]);
  expect(wishes(after(edit("m", "one"), react("m"), remove("m"), remove("m")))).toEqual([remove("m")]);
  expect(after(react("m"), react("m", false))).toEqual([]);
  expect(wishes(after(react("m"), react("m")))).toEqual([react("m")]);
  expect(wishes(after(read(7), read(9), read(8)))).toEqual([read(9)]);
  expect(wishes(after(say("a"), say("a")))).toEqual([say("a")]);
  expect(() => after(remove("m"), edit("m", "late"))).toThrow(GONE);
  expect(() => after(remove("m"), react("m"))).toThrow(GONE);
});

it("follows up what may have been heard, instead of taking it back", () => {
  const asked = attempted(after(say("a"), say("b")), "a");
  const [gone] = removed(asked, "a");
  expect(gone).toMatchObject({ wish: remove("a"), unsure: true });
  expect(refused(removed(asked, "a"), "a", "Too rude.", "send")).toMatchObject([gone, { id: "b" }]);
  const other = reworded(asked, "a", "better");
  expect(wishes(settled(other, "a", 0))).toEqual([edit("a", "better"), say("b")]);
  expect(wishes(settled(asked, "a", 0))).toEqual([say("b")]);
  const [mark] = attempted(after(read(3)), "x");
  const more = added([mark as Entry], newEntry(read(5), "y", 0));
  expect(settled(more, mark?.id ?? "", 0)).toHaveLength(1);
});

it("moves within what people see, and never past what may have been heard", () => {
  const three = after(read(1), say("a"), say("b"), say("c"));
  expect(wishes(moved(three, "c", 0))).toEqual([read(1), say("c"), say("a"), say("b")]);
  expect(wishes(moved(three, "a", 99))).toEqual([read(1), say("b"), say("c"), say("a")]);
  expect(() => moved(attempted(three, "a"), "c", 0)).toThrow(MAY_HAVE_ARRIVED);
  const [a, b] = after(say("a"), say("b"));
  const late = newEntry(react("b"), "r", 0);
  expect(() => moved([a, b, late] as Entry[], "r", 0)).toThrow(TOO_EARLY);
});

it("lets the messages of a branch continue each other, whatever becomes of one", () => {
  const parents = (entries: readonly Entry[]): unknown[] =>
    entries.map(({ wish }) => wish.kind === "send" && wish.parentId);
  const chain = after(say("a", "a", "p"), say("b", "b", "p"), say("c", "c", "p"));
  expect(parents(chain)).toEqual(["p", "a", "b"]);
  expect(parents(removed(chain, "a"))).toEqual(["p", "b"]);
  expect(parents(moved(chain, "c", 0))).toEqual(["p", "c", "a"]);
  const without = refused(chain, "a", "too rude", "send");
  expect(parents(without)).toEqual(["p", "p", "b"]);
  expect(without[0]?.reason).toBe("too rude");
  expect(triedAgain(without, "a")[0]?.reason).toBeNull();
});
