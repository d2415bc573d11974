import { type Signal, useComputed, useSignal } from "@preact/signals";
import type { RefObject, VNode } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { NEEDS_WORDS, readDraft } from "../../composing/commands";
import { type Completion, completionAt, type Suggestion } from "../../composing/completion";
import { replaceInField } from "../../composing/edit-field";
import { hasVariables } from "../../context/has-variables";
import { useChunk } from "../../lazy/lazy";
import type { Store } from "../../store/store";
import { text } from "../../texts/texts";
import { Avatar } from "../people/avatar";
import { shownName } from "../words";
import { suggestionSources } from "./suggestion-sources";

interface SuggestionsProps {
  store: Store;
  area: RefObject<HTMLTextAreaElement | null>;
  /** Where the caret is in the field. */
  caret: Signal<number>;
  /** Set to what takes the field's keys while a list is open. */
  keys: { current: ((event: KeyboardEvent) => boolean) | null };
  id: string;
  /** Sends or runs what is in the field. */
  submit(): void;
}

/**
 * What could complete the word at the caret: a list over the field, whose focus stays in the field (the listbox of ARIA's
 * combobox pattern; the field stays a plain text box, because a combobox has but one line).
 */
export function Suggestions({ store, area, caret, keys, id, submit }: SuggestionsProps): VNode | null {
  const dismissed = useSignal<string | null>(null);
  /** By its id, not its place: people come, and the kernel names its variables, while one chooses. */
  const active = useSignal<string | null>(null);
  const list = useRef<HTMLDivElement>(null);
  const completion = useComputed(() => {
    const draft = store.draft.value;
    if (draft === dismissed.value || !/[@/]/.test(draft)) return null;
    return completionAt(draft, Math.min(caret.value, draft.length), suggestionSources(store));
  }).value;
  useLookedFor(store, caret);
  const count = completion?.suggestions.length ?? 0;
  // Keys may come faster than they are drawn.
  const now = (): number =>
    Math.max(0, completion?.suggestions.findIndex(({ id }) => id === active.value) ?? 0);
  const at = now();
  const draft = store.draft.value;
  useLayoutEffect(() => {
    active.value = null;
    if (dismissed.value !== draft) dismissed.value = null; // the same words, written again, ask again
  }, [draft, active, dismissed]);

  const accept = (chosen: Suggestion, mayRun: boolean): void => {
    const field = area.current;
    if (!completion || !field) return;
    const { start, end } = completion;
    const runs = mayRun && isComplete(chosen, completion);
    replaceInField(field, start, end, runs || chosen.goesOn ? chosen.insert : `${chosen.insert} `);
    caret.value = field.selectionStart;
    if (completion.kind !== "command" && !chosen.goesOn) dismissed.value = store.draft.value;
    if (runs) submit();
  };

  keys.current = (event) => {
    if (!completion || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return false;
    const chosen = completion.suggestions[now()];
    const go = (step: number): void => {
      active.value = completion.suggestions[(now() + count + step) % count]?.id ?? null;
    };
    switch (event.key) {
      case "ArrowDown":
        go(1);
        break;
      case "ArrowUp":
        go(-1);
        break;
      case "Tab":
      case "Enter":
        if (event.shiftKey || !chosen) return false;
        // What stands there in full already needs no completing: it is sent, or the focus moves on.
        if (isTyped(store.draft.value, completion, chosen)) return false;
        accept(chosen, event.key === "Enter");
        break;
      case "Escape":
        dismissed.value = store.draft.value;
        break;
      default:
        return false;
    }
    event.preventDefault();
    event.stopPropagation(); // Escape would stop the answer
    return true;
  };

  const open = completion !== null;
  const activeId = open ? `${id}-${at}` : null;
  useLayoutEffect(() => {
    const field = area.current;
    if (!field) return;
    setOrRemove(field, "aria-controls", open ? id : null);
    setOrRemove(field, "aria-activedescendant", activeId);
    list.current?.children[at]?.scrollIntoView?.({ block: "nearest" });
  }, [area, open, id, activeId, at]);

  if (!completion) return null;
  return (
    <div class="suggestions">
      <div ref={list} id={id} role="listbox" aria-label={text("writing.suggestions")}>
        {completion.suggestions.map((suggestion, index) => (
          <Option
            key={suggestion.id}
            id={`${id}-${index}`}
            suggestion={suggestion}
            store={store}
            selected={index === at}
            choose={() => accept(suggestion, true)}
          />
        ))}
      </div>
      <span class="sr-only" role="status">
        {text("writing.count", { count })}
      </span>
    </div>
  );
}

/** Asks the kernel for what can be named, while a name is being written. */
function useLookedFor(store: Store, caret: Signal<number>): void {
  const query = useComputed(
    () => /(?:^|[\s([])@([^@\s]*)$/.exec(store.draft.value.slice(0, caret.value))?.[1] ?? null,
  ).value;
  const wanted = query !== null && hasVariables(store);
  const { module: context } = useChunk("context", wanted);
  useEffect(() => {
    if (wanted) context?.contextDraft(store).look(query);
  }, [context, wanted, query, store]);
}

interface OptionProps {
  id: string;
  suggestion: Suggestion;
  store: Store;
  selected: boolean;
  choose(): void;
}

function Option({ id, suggestion, store, selected, choose }: OptionProps): VNode {
  const { label, detail, userId, hint } = suggestion;
  const person = userId && store.select.participants.value.find((each) => each.userId === userId);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are the field's, which keeps the focus
    // biome-ignore lint/a11y/useFocusableInteractive: the field has the focus and names the active option
    <div
      id={id}
      role="option"
      aria-selected={selected}
      class={selected ? "active" : undefined}
      // The field keeps the focus, and a touch keyboard stays open.
      onMouseDown={(event) => event.preventDefault()}
      onClick={choose}
    >
      {person && <Avatar name={label} participant={person} />}
      <span class={suggestion.isVariable ? "name code" : "name"}>
        {hint === undefined ? shownName(label) : suggestion.insert}
        {hint && <span class="hint"> {hint}</span>}
      </span>
      <span class="detail">{detail}</span>
    </div>
  );
}

/** Whether choosing it leaves nothing to add: it may run at once. */
function isComplete(chosen: Suggestion, { kind }: Completion): boolean {
  if (kind === "mention") return false;
  if (kind === "word") return true;
  const read = readDraft(chosen.insert);
  return read.kind === "command" && chosen.runs === true && !NEEDS_WORDS.has(read.name);
}

function isTyped(draft: string, { start, end }: Completion, { insert }: Suggestion): boolean {
  return (
    draft.slice(start, end).trim().toLowerCase() === insert.toLowerCase() && end >= draft.trimEnd().length
  );
}

function setOrRemove(element: Element, name: string, value: string | null): void {
  if (value === null) element.removeAttribute(name);
  else element.setAttribute(name, value);
}
