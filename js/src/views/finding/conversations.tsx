import { useSignal } from "@preact/signals";
import type { TargetedKeyboardEvent, VNode } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { ConversationInfo } from "../../contract";
import { plainName } from "../../plain";
import type { Store } from "../../store/store";
import { text } from "../../texts/texts";
import { arrows } from "./arrows";
import { ConversationRow } from "./conversation-row";
import { goTo } from "./go-to";
import { NameForm } from "./name-form";
import { reasonOf } from "./reason";

const REFRESH_MS = 5_000;

/** One's conversations, newest activity first: go to another, begin one, rename or delete one. */
export function Conversations({ store }: { store: Store }): VNode {
  const list = useSignal<readonly ConversationInfo[] | null>(null);
  const problem = useSignal<string | null>(null);
  const isNaming = useSignal(false);
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
  const attempt = async (work: () => Promise<unknown>): Promise<void> => {
    problem.value = null;
    try {
      await work();
    } catch (error) {
      problem.value = reasonOf(error);
    }
  };
  const open = (conversationId: string): Promise<void> =>
    attempt(async () => {
      await goTo(store, conversationId);
      store.composing.sheet.value = null;
    });
  const create = (title: string): Promise<void> =>
    attempt(async () => {
      const made = await store.ask<ConversationInfo>({ kind: "conversation", action: "create", title });
      await goTo(store, made.conversationId);
      store.composing.sheet.value = null;
    });
  const change = (action: Parameters<Store["ask"]>[0]): Promise<void> =>
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
      {isNaming.value ? (
        <NameForm
          label={text("switch.newName")}
          save={text("switch.create")}
          done={(title) => {
            isNaming.value = false;
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
              isNaming.value = true;
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
