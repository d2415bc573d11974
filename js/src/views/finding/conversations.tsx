import { useSignal } from "@preact/signals";
import type { TargetedKeyboardEvent, VNode } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { ConversationInfo } from "../../contract";
import { plainName } from "../../plain";
import type { Store } from "../../store/store";
import { text } from "../../texts/texts";
import { arrows } from "./arrows";
import { ConversationRow } from "./conversation-row";
import { goFrom } from "./go-to";
import { NameForm } from "./name-form";
import { reasonOf } from "./reason";

const REFRESH_MS = 5_000;

/** One's conversations, newest activity first: go to another, begin one, rename or delete one. */
export function Conversations({ store }: { store: Store }): VNode {
  const list = useSignal<readonly ConversationInfo[] | null>(null);
  const problem = useSignal<string | null>(null);
  /** The name that a new one is to have, as far as it is written; null while none is asked for. */
  const naming = useSignal<string | null>(null);
  /** The one that is being gone to: pressed twice it is asked for once. */
  const opening = useRef<string | null>(null);
  const rows = useRef<HTMLUListElement>(null);
  const start = useRef<HTMLButtonElement>(null);
  const refresh = useRef(() => {});

  // What others write meanwhile is counted too.
  useEffect(() => {
    let isOver = false;
    let cancel = (): void => {};
    const ask = async (): Promise<void> => {
      cancel();
      try {
        const found = await store.ask<ConversationInfo[]>({ kind: "conversations" });
        if (isOver) return;
        list.value = found;
        problem.value = null;
      } catch (error) {
        if (isOver) return;
        if (list.value === null) problem.value = reasonOf(error);
      }
      cancel();
      cancel = store.clock.after(REFRESH_MS, ask);
    };
    refresh.current = ask;
    ask();
    start.current?.focus();
    return () => {
      isOver = true;
      cancel();
    };
  }, [store, list, problem]);

  /** Does what somebody asks for; what went wrong is said. */
  const attempt = async (work: () => Promise<unknown>): Promise<boolean> => {
    problem.value = null;
    try {
      await work();
      return true;
    } catch (error) {
      problem.value = reasonOf(error);
      return false;
    }
  };
  const open = async (conversationId: string): Promise<void> => {
    if (opening.current === conversationId) return;
    opening.current = conversationId;
    await attempt(() => goFrom(store, "conversations", conversationId));
    if (opening.current === conversationId) opening.current = null;
  };
  const create = async (title: string): Promise<void> => {
    naming.value = null;
    let made: ConversationInfo | null = null;
    const isMade = await attempt(async () => {
      made = await store.ask<ConversationInfo>({ kind: "conversation", action: "create", title });
    });
    if (made) await open((made as ConversationInfo).conversationId);
    // What was written can be tried again.
    else if (!isMade) naming.value ??= title;
  };
  const change = (action: Parameters<Store["ask"]>[0]): Promise<boolean> =>
    attempt(async () => {
      await store.ask(action);
      refresh.current();
    });
  const onKeyDown = (event: TargetedKeyboardEvent<HTMLElement>): void => {
    if ((event.target as HTMLElement).tagName === "INPUT") return;
    arrows(event, [...(rows.current?.querySelectorAll<HTMLElement>("button.go") ?? [])], start.current);
  };

  const here = store.select.conversationId.value;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the arrows go through what is inside
    <div class="conversations" onKeyDown={onKeyDown}>
      {naming.value !== null ? (
        <NameForm
          label={text("switch.newName")}
          save={text("switch.create")}
          value={naming.value}
          done={(title) => {
            naming.value = null;
            if (title) create(title);
          }}
        />
      ) : (
        <p class="begin">
          <button
            ref={start}
            data-first=""
            type="button"
            class="plain"
            onClick={() => {
              naming.value = "";
            }}
          >
            {text("switch.new")}
          </button>
          <button type="button" class="quiet" onClick={() => store.composing.open("files")}>
            {text("switch.files")}
          </button>
        </p>
      )}
      {problem.value && (
        <p class="hint wrong" role="alert">
          {problem.value}{" "}
          {list.value === null && (
            <button type="button" class="plain" onClick={() => refresh.current()}>
              {text("switch.again")}
            </button>
          )}
        </p>
      )}
      {list.value === null && !problem.value && <p class="hint">{text("switch.loading")}</p>}
      <ul ref={rows} aria-label={text("switch.list")}>
        {(list.value ?? []).map((info) => (
          <ConversationRow
            key={info.conversationId}
            info={info}
            name={plainName(info.title || info.conversationId)}
            isHere={info.conversationId === here}
            open={() => open(info.conversationId)}
            change={change}
          />
        ))}
      </ul>
      {list.value?.length === 0 && <p class="hint">{text("switch.none")}</p>}
    </div>
  );
}
