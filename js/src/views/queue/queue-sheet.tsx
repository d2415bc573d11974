import { type Signal, useSignal } from "@preact/signals";
import type { VNode } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { QueuedItem } from "../../contract";
import { plainLine } from "../../plain";
import type { Store } from "../../store/store";
import { retold, text } from "../../texts/texts";
import { act } from "./acting";
import { FileNames } from "./file-names";
import { wordsOf } from "./words-of";

const PREVIEW_CHARACTERS = 300;

/** Everything that waits for the hub, in the order in which it is sent. */
export function QueueSheet({ store }: { store: Store }): VNode {
  const queue = store.select.queue.value;
  const items = queue?.items ?? [];
  const editing = useSignal<string | null>(store.composing.sheetQuery.value || null);
  const problem = useSignal<string | null>(null);
  // Asked for again while the sheet is open already.
  const { sheetQuery } = store.composing;
  const asked = sheetQuery.value;
  useEffect(() => {
    if (!asked) return;
    editing.value = asked;
    sheetQuery.value = "";
  }, [asked, editing, sheetQuery]);
  const intro = store.chat.value?.serverAway ? "queue.serverIntro" : "queue.intro";
  const more = (queue?.count ?? 0) - items.length;
  return (
    <div class="queue">
      <p class="intro">{text(items.length > 0 ? intro : "queue.none")}</p>
      {queue?.note && <p class="hint wrong">{retold(queue.note)}</p>}
      {problem.value && (
        <p class="hint wrong" role="alert">
          {problem.value}
        </p>
      )}
      <ol aria-label={text("sheet.queue")}>
        {items.map((item, at) => (
          <Item
            key={item.id}
            store={store}
            items={items}
            at={at}
            item={item}
            editing={editing}
            problem={problem}
          />
        ))}
      </ol>
      {more > 0 && <p class="hint">{text("queue.more", { count: more })}</p>}
    </div>
  );
}

interface ItemProps {
  store: Store;
  items: readonly QueuedItem[];
  at: number;
  item: QueuedItem;
  editing: Signal<string | null>;
  problem: Signal<string | null>;
}

function Item({ store, items, at, item, editing, problem }: ItemProps): VNode {
  const { id, kind, reason } = item;
  const has = kind === "message" || kind === "edit";
  const preview = kind === "react" ? item.emoji : plainLine(wordsOf(item), PREVIEW_CHARACTERS);
  const move = (to: number): void => {
    act(store, { id, action: "move", to }, problem);
  };
  const mayPass = (other: QueuedItem | undefined): boolean =>
    other !== undefined && (!(hasPlace(other) && hasPlace(item)) || !(other.attempted || item.attempted));
  if (editing.value === id && has)
    return <EditItem store={store} item={item} editing={editing} problem={problem} />;
  return (
    <li data-queued={id}>
      {kind !== "message" && <span class="kind">{text(`queue.${kind}`)}</span>}
      {preview && (
        <p class="words" dir="auto">
          {preview}
        </p>
      )}
      <FileNames names={item.files} />
      {reason !== null && <p class="hint wrong">{text("message.notSent", { reason })}</p>}
      {hasPlace(item) && item.attempted && items.length > 1 && <p class="hint">{text("queue.fixed")}</p>}
      <span class="acts">
        {reason !== null && (
          <button type="button" class="plain" onClick={() => act(store, { id, action: "again" }, problem)}>
            {text("message.retry")}
          </button>
        )}
        {has && !item.isCut && (
          <button
            type="button"
            class="plain"
            onClick={() => {
              editing.value = id;
            }}
          >
            {text("queue.edit")}
          </button>
        )}
        <button type="button" class="plain" onClick={() => act(store, { id, action: "delete" }, problem)}>
          {text("queue.delete")}
        </button>
        <button
          type="button"
          class="plain"
          aria-label={text("queue.earlier")}
          title={text("queue.earlier")}
          disabled={!mayPass(items[at - 1])}
          onClick={() => move(at - 1)}
        >
          ↑
        </button>
        <button
          type="button"
          class="plain"
          aria-label={text("queue.later")}
          title={text("queue.later")}
          disabled={!mayPass(items[at + 1])}
          onClick={() => move(at + 1)}
        >
          ↓
        </button>
      </span>
    </li>
  );
}

/** Whether its place counts: what is done to messages may stand anywhere behind them. */
function hasPlace({ kind }: QueuedItem): boolean {
  return kind === "message";
}

function EditItem({
  store,
  item,
  editing,
  problem,
}: Pick<ItemProps, "store" | "item" | "editing" | "problem">): VNode {
  const area = useRef<HTMLTextAreaElement>(null);
  const words = useSignal(item.text);
  const isSaving = useRef(false);
  useEffect(() => {
    const place = store.select.conversationId.peek();
    area.current?.focus();
    return () => {
      const queue = store.select.queue.peek()?.items.some(({ id }) => id === item.id);
      const isSame = words.peek() === item.text || store.select.conversationId.peek() !== place;
      if (queue || isSame || isSaving.current) return;
      // The hub was back and took the message as it was: what was typed goes on in the composer.
      store.draft.value = [store.draft.peek(), words.peek()].filter(Boolean).join("\n\n");
    };
  }, []);
  const save = async (): Promise<void> => {
    if (isSaving.current) return;
    isSaving.current = true;
    const isDone = await act(store, { id: item.id, action: "edit", text: words.value }, problem);
    isSaving.current = false;
    if (isDone) editing.value = null;
  };
  return (
    <li data-queued={item.id}>
      <textarea
        ref={area}
        dir="auto"
        rows={3}
        aria-label={text("queue.edit")}
        value={words.value}
        onInput={(event) => {
          words.value = event.currentTarget.value;
        }}
        onKeyDown={(event) => {
          if (event.key === "Escape" && !event.isComposing) {
            event.stopPropagation(); // it would close the sheet
            editing.value = null;
          }
        }}
      />
      <span class="acts">
        <button type="button" class="plain" disabled={!words.value.trim()} onClick={save}>
          {text("queue.save")}
        </button>
        <button
          type="button"
          class="quiet"
          onClick={() => {
            editing.value = null;
          }}
        >
          {text("queue.cancel")}
        </button>
      </span>
    </li>
  );
}
