import { useSignal } from "@preact/signals";
import type { TargetedKeyboardEvent, VNode } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import type { ProviderState } from "../../contract";
import { plainName } from "../../plain";
import { type ChoiceGroup, choiceGroups, choiceText, isOffered, readChoice } from "../../state/choice";
import type { Store } from "../../store/store";
import { text } from "../../texts/texts";
import { providerWords } from "../providers/provider-words";
import { toneOf } from "../tone";
import { modelLabel } from "../words";

const TROUBLED = new Set(["rate_limited", "down", "degraded"]);
/** From so many on, a field to look for one helps. */
const MANY = 8;

interface Row {
  value: string;
  label: string;
  group: string;
  state: string | null;
}

/** The models that could answer, by provider; by arrow keys, by letters, or by a field where there are many. */
export function ModelList({ store, close }: { store: Store; close(): void }): VNode {
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const query = useSignal("");
  const all = rowsOf(store);
  const asked = query.value.trim().toLowerCase();
  const rows = all.filter(({ label, group }) => `${label} ${group}`.toLowerCase().includes(asked));
  /** By its value: providers come and go while one chooses. Its place stands in where it is gone. */
  const active = useSignal({ value: store.choice.value, at: 0 });
  const now = (): number => {
    const found = rows.findIndex(({ value }) => value === active.value.value);
    return found < 0 ? Math.max(0, Math.min(active.value.at, rows.length - 1)) : found;
  };
  const at = now();

  useEffect(() => {
    const box = list.current;
    box?.querySelector<HTMLElement>("input, [role=listbox]")?.focus();
    const outside = (event: Event): void => {
      if (box?.parentElement && !event.composedPath().includes(box.parentElement)) close();
    };
    document.addEventListener("pointerdown", outside, true);
    return () => document.removeEventListener("pointerdown", outside, true);
  }, [close]);
  useEffect(() => {
    list.current?.querySelector("[aria-selected=true]")?.scrollIntoView?.({ block: "nearest" });
  }, [at, asked]);

  const choose = (row: Row | undefined): void => {
    if (!row) return;
    store.choice.value = row.value;
    close();
  };
  const go = (to: number): void => {
    const place = Math.max(0, Math.min(rows.length - 1, to));
    active.value = { value: rows[place]?.value ?? "", at: place };
  };
  const onKeyDown = (event: TargetedKeyboardEvent<HTMLElement>): void => {
    const moves: Record<string, () => void> = {
      ArrowDown: () => go(now() + 1),
      ArrowUp: () => go(now() - 1),
      Home: () => go(0),
      End: () => go(rows.length - 1),
      Enter: () => choose(rows[now()]),
      Escape: close,
      Tab: close,
    };
    const move = moves[event.key];
    if (!move || event.isComposing) return;
    if (event.key !== "Tab") event.preventDefault();
    event.stopPropagation(); // Escape would stop the answer
    move();
  };
  const activeId = rows.length > 0 ? `${id}-${at}` : undefined;
  const hasField = all.length > MANY;
  return (
    <div class="models" ref={list}>
      {hasField && (
        <input
          role="combobox"
          aria-label={text("models.filter")}
          placeholder={text("models.filter")}
          aria-expanded="true"
          aria-autocomplete="list"
          aria-controls={id}
          aria-activedescendant={activeId}
          value={query.value}
          onInput={(event) => {
            query.value = event.currentTarget.value;
            active.value = { value: "", at: 0 };
          }}
          onKeyDown={onKeyDown}
        />
      )}
      <div
        role="listbox"
        id={id}
        tabIndex={hasField ? -1 : 0}
        aria-label={text("models.label")}
        aria-activedescendant={activeId}
        onKeyDown={hasField ? undefined : onKeyDown}
      >
        {rows.map((row, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are the list's
          // biome-ignore lint/a11y/useFocusableInteractive: the list has the focus and names the active option
          <div
            key={row.value}
            id={`${id}-${index}`}
            role="option"
            aria-selected={index === at}
            class={row.value === store.choice.value ? "chosen" : undefined}
            onClick={() => choose(row)}
          >
            <span class="check" aria-hidden="true">
              {row.value === store.choice.value ? "✓" : ""}
            </span>
            <span class="name">{row.label}</span>
            <span class="detail">
              {row.state && <span class={`dot ${toneOf(row.state as ProviderState)}`} aria-hidden="true" />}
              {row.group}
            </span>
          </div>
        ))}
      </div>
      {rows.length === 0 && <p class="none">{text("models.none")}</p>}
    </div>
  );
}

function rowsOf(store: Store): Row[] {
  const groups = choiceGroups(store.select.providers.value);
  const first = store.select.provider.value;
  const chosen = store.choice.value;
  const choice = readChoice(chosen);
  const firstName = first && (modelLabel(first.model) || plainName(first.provider));
  const rows: Row[] = [
    {
      value: "",
      label: firstName
        ? text("composer.modelDefault", { name: firstName })
        : text("composer.modelDefaultUnknown"),
      group: "",
      state: null,
    },
  ];
  if (chosen && !isOffered(choice, groups))
    rows.push({
      value: chosen,
      label: `⚠ ${labelOf(choice.provider ?? "", choice.model ?? "")}`,
      group: text("models.notOffered"),
      state: null,
    });
  for (const group of groups)
    for (const model of group.models)
      rows.push({
        value: choiceText({ provider: group.provider, model }),
        label: labelOf(group.provider, model),
        group: groupLabel(group),
        state: group.state,
      });
  return rows;
}

function labelOf(provider: string, model: string): string {
  return modelLabel(model) || text("models.own", { provider: plainName(provider) });
}

function groupLabel({ provider, state }: ChoiceGroup): string {
  const name = plainName(provider);
  return TROUBLED.has(state)
    ? text("models.group", { provider: name, state: providerWords(state as ProviderState) })
    : name;
}
