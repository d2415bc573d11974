import { useSignal } from "@preact/signals";
import type { VNode } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { ChatMessage } from "../../contract";
import { seqOf, textOf, withoutWords } from "../../messages/parts";
import { plainLine } from "../../plain";
import type { Store } from "../../store/store";
import { text } from "../../texts/texts";
import { CloseIcon } from "../actions/icons";
import { pinnedWords } from "../beside/marks";
import { assistantName, fullTime, shownName, timeLabel } from "../words";
import { arrows } from "./arrows";
import { makeRoom } from "./go-to";
import { usePinned } from "./pinned-list";
import { reasonOf } from "./reason";

const PREVIEW_CHARACTERS = 160;

/** The messages that somebody pinned: each is brought into view, or let go. */
export function Pinned({ store }: { store: Store }): VNode {
  const pinned = usePinned(store).value;
  const problem = useSignal<string | null>(null);
  const list = useRef<HTMLOListElement>(null);
  const isEmpty = pinned.length === 0;
  /** The place in the list of the message that is let go: who went through it by keyboard goes on there. */
  const left = useRef<number | null>(null);
  useEffect(() => list.current?.querySelector("button")?.focus(), [isEmpty]);
  useEffect(() => {
    const place = left.current;
    left.current = null;
    if (place === null) return;
    const rows = list.current?.querySelectorAll<HTMLElement>(".acts button") ?? [];
    const sheet = list.current?.closest<HTMLElement>("[role=dialog]");
    (rows[Math.min(place, rows.length - 1)] ?? sheet)?.focus();
  }, [pinned]);
  const unpin = async (messageId: string): Promise<void> => {
    problem.value = null;
    left.current = pinned.findIndex(({ id }) => id === messageId);
    try {
      await store.ask({ kind: "pin", messageId, on: false });
    } catch (error) {
      left.current = null;
      problem.value = reasonOf(error);
    }
  };
  const mayUnpin = store.select.settled.value?.conversation?.role !== "reader";
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the arrows go through what is inside
    <div
      class="pinned"
      onKeyDown={(event) =>
        arrows(event, [...(list.current?.querySelectorAll<HTMLElement>(".hit") ?? [])], null)
      }
    >
      {isEmpty && <p class="hint">{text("pinned.none")}</p>}
      {problem.value && (
        <p class="hint wrong" role="alert">
          {problem.value}
        </p>
      )}
      <ol ref={list} aria-label={text("sheet.pinned")}>
        {pinned.map((message) => (
          <li key={message.id} class="row">
            <button
              type="button"
              class="hit"
              onClick={() => {
                makeRoom(store, list.current);
                store.show(message.id, seqOf(message));
              }}
            >
              <span class="from">
                <bdi class="name">{writerOf(message)}</bdi>
                <time title={fullTime(message.metadata?.timestamp)}>
                  {timeLabel(message.metadata?.timestamp)}
                </time>
              </span>
              <span class="snippet" dir="auto">
                {plainLine(textOf(message), PREVIEW_CHARACTERS) || withoutWords(message)}
              </span>
              <span class="hint">{pinnedWords(store, message.metadata?.pinned?.by ?? "")}</span>
            </button>
            {mayUnpin && (
              <span class="acts">
                <button
                  type="button"
                  class="icon"
                  aria-label={text("actions.unpin")}
                  title={text("actions.unpin")}
                  onClick={() => unpin(message.id)}
                >
                  <CloseIcon />
                </button>
              </span>
            )}
          </li>
        ))}
      </ol>
    </div>
  );
}

function writerOf({ role, author, metadata }: ChatMessage): string {
  if (role === "assistant") return assistantName(metadata?.model);
  return shownName(author?.userName || author?.userId || text("message.someone"));
}
