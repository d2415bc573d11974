import { useSignal } from "@preact/signals";
import type { TargetedKeyboardEvent, VNode } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import type { SearchHit } from "../../contract";
import { seqOf } from "../../messages/parts";
import type { Store } from "../../store/store";
import { text } from "../../texts/texts";
import { arrows } from "./arrows";
import { goTo, isHere, makeRoom } from "./go-to";
import { Hit } from "./hit";
import { reasonOf } from "./reason";
import { keyOf, type Scope, type Searching, searchingOf } from "./searching";

/** Finds messages, in this conversation or in all of one's own, and brings one into view. */
export function Search({ store }: { store: Store }): VNode {
  const search = searchingOf(store);
  const field = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLOListElement>(null);
  const group = useId();
  const going = useSignal<string | null>(null);
  const { sheetQuery } = store.composing;

  useEffect(() => {
    field.current?.focus();
    field.current?.select();
  }, []);
  // `/search words` looks for them at once, also while the sheet is open.
  const asked = sheetQuery.value;
  useEffect(() => {
    if (!asked) return;
    sheetQuery.value = "";
    search.query.value = asked;
    search.run();
  }, [asked, search, sheetQuery]);
  const place = store.select.conversationId.value;
  useEffect(() => search.moved(place), [search, place]);

  const open = async (hit: SearchHit): Promise<void> => {
    const { message, conversationId } = hit;
    const within = list.current;
    going.value = keyOf(hit);
    search.problem.value = null;
    try {
      await goTo(store, conversationId);
    } catch (error) {
      search.problem.value = reasonOf(error);
      return;
    } finally {
      going.value = null;
    }
    makeRoom(store, within);
    if (isHere(store, conversationId)) store.show(message.id, seqOf(message));
  };
  const onKeyDown = (event: TargetedKeyboardEvent<HTMLElement>): void =>
    arrows(event, [...(list.current?.querySelectorAll("button") ?? [])], field.current);
  const scope = (value: Scope): VNode => (
    <label>
      <input
        type="radio"
        name={group}
        checked={search.scope.value === value}
        onChange={() => search.look(value)}
      />
      {text(`search.${value}`)}
    </label>
  );

  return (
    <search class="search" onKeyDown={onKeyDown}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          search.run();
        }}
      >
        <input
          ref={field}
          data-first=""
          type="search"
          dir="auto"
          autocomplete="off"
          enterkeyhint="search"
          aria-label={text("search.field")}
          placeholder={text("search.field")}
          value={search.query.value}
          onInput={(event) => search.type(event.currentTarget.value)}
        />
        <fieldset class="scopes">
          <legend class="sr-only">{text("search.where")}</legend>
          {scope("here")}
          {scope("everywhere")}
        </fieldset>
      </form>
      <p class={search.problem.value ? "hint wrong" : "hint"} role="status">
        {statusWords(search)}
      </p>
      <ol class="hits" ref={list} aria-label={text("search.results")}>
        {search.hits.value.map((hit) => (
          <Hit
            key={keyOf(hit)}
            hit={hit}
            title={isHere(store, hit.conversationId) ? null : titleOf(search, hit)}
            isBusy={going.value === keyOf(hit)}
            open={() => open(hit)}
          />
        ))}
        {search.hasMore.value && (
          <li>
            <button
              type="button"
              class="plain more"
              disabled={search.state.value === "searching"}
              onClick={search.more}
            >
              {text("search.more")}
            </button>
          </li>
        )}
      </ol>
    </search>
  );
}

function titleOf({ titles }: Searching, { conversationId }: SearchHit): string {
  return titles.value.get(conversationId) ?? conversationId;
}

function statusWords({ problem, state, hits, hasMore }: Searching): string {
  if (problem.value) return problem.value;
  if (state.value === "idle") return text("search.hint");
  if (state.value === "searching") return text("search.searching");
  const count = hits.value.length;
  if (count === 0) return text("search.nothing");
  return hasMore.value ? text("search.foundMore", { count }) : text("search.found", { count });
}
