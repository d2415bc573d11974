// What waits for the hub at the Jupyter server and here, as views show it.
import type { Queue, QueuedItem } from "../../contract";
import { type Entry, isShown } from "./entries";
import type { BrowserQueue } from "./queue";

/** Characters of each text that views show; a longer one cannot be edited there. */
const SHOWN_CHARACTERS = 4_000;
const SHOWN_ITEMS = 100;
/** In the words of the catalogues, which are looked up by these. */
const NOT_KEPT =
  "This browser keeps nothing of this page (a private window, or its storage is blocked or full): leave the page open until what waits here is sent.";

/** What waits there, then what waits here; `asOf` is as of when (epoch ms) the conversation is shown, null where it is now. */
export function queueView(
  there: Queue | undefined,
  here: Pick<BrowserQueue, "entries" | "isKept"> | undefined,
  asOf: number | null,
): Queue | undefined {
  const had = new Set(there?.items.map(({ id }) => id));
  const entries = here?.entries.filter((each) => isShown(each) && !had.has(each.id)) ?? [];
  if (entries.length === 0 && asOf === null) return there;
  return {
    count: (there?.count ?? 0) + entries.length,
    items: [...(there?.items ?? []), ...entries.slice(0, SHOWN_ITEMS).map(itemOf)],
    note: there?.note || (entries.length > 0 && !here?.isKept ? NOT_KEPT : ""),
    asOf: there?.asOf ?? asOf,
  };
}

function itemOf({ id, messageId, wish, created, reason, attempted, files = [] }: Entry): QueuedItem {
  const text = "text" in wish ? wish.text : "";
  return {
    ...{ id, messageId, created, reason, attempted },
    kind: wish.kind === "send" ? "message" : (wish.kind as "edit" | "delete" | "react"),
    text: text.slice(0, SHOWN_CHARACTERS),
    isCut: text.length > SHOWN_CHARACTERS,
    files: files.map(({ name }) => name),
    emoji: wish.kind === "react" ? wish.emoji : "",
    isOn: wish.kind !== "react" || wish.on,
  };
}
