import { useSignal } from "@preact/signals";
import type { VNode } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import {
  fromTexts,
  LIMITS,
  type ParameterName,
  type Parameters,
  type ParameterTexts,
  PRESETS,
  type Problem,
  toTexts,
} from "../../composing/parameters";
import type { Store } from "../../store/store";
import { text } from "../../texts/texts";

const PRESET_NAMES = ["precise", "balanced", "creative"] as const;

/** What this person asks of the answers; each change that is right holds at once. */
export function ParametersSheet({ store }: { store: Store }): VNode {
  const { parameters } = store.composing;
  const texts = useSignal<ParameterTexts>(toTexts(parameters.value));
  const read = fromTexts(texts.value);
  // Set elsewhere meanwhile (a command, another view): the form follows, once, for they may be such as it would not take.
  const seen = useRef(parameters.value);
  if (seen.current !== parameters.value) {
    seen.current = parameters.value;
    if (!isSame(parameters.value, read.parameters)) texts.value = toTexts(parameters.value);
  }
  const fill = (next: ParameterTexts): void => {
    texts.value = next;
    parameters.value = fromTexts(next).parameters;
    seen.current = parameters.value;
  };
  // A field that is asked for while the sheet is open already.
  const form = useRef<HTMLFormElement>(null);
  const { sheetQuery } = store.composing;
  const asked = sheetQuery.value;
  useEffect(() => {
    if (!asked) return;
    form.current?.querySelector<HTMLElement>("[data-first]")?.focus();
    sheetQuery.value = "";
  }, [asked, sheetQuery]);
  const field = (name: ParameterName, lines = 0): VNode => (
    <Field
      name={name}
      value={texts.value[name]}
      problem={read.problems[name]}
      lines={lines}
      first={name === (store.composing.sheetQuery.value || "temperature")}
      change={(value) => fill({ ...texts.value, [name]: value })}
    />
  );
  return (
    <form ref={form} class="parameters" onSubmit={(event) => event.preventDefault()}>
      <p class="intro">{text("parameters.intro")}</p>
      <fieldset class="presets">
        <legend class="sr-only">{text("parameters.presets")}</legend>
        <button
          type="button"
          class="plain"
          aria-pressed={isSame(parameters.value, {}) && isSame(read.problems, {})}
          onClick={() => fill(toTexts({}))}
        >
          {text("parameters.reset")}
        </button>
        {PRESET_NAMES.map((name) => (
          <button
            key={name}
            type="button"
            class="plain"
            aria-pressed={holds(parameters.value, PRESETS[name])}
            onClick={() => fill({ ...texts.value, ...pick(toTexts(PRESETS[name])) })}
          >
            {text(`parameters.${name}`)}
          </button>
        ))}
      </fieldset>
      <div class="pair">
        {field("temperature")}
        {field("topP")}
      </div>
      <div class="pair">
        {field("maxTokens")}
        {field("seed")}
      </div>
      {field("systemPrompt", 4)}
      {field("stop", 2)}
    </form>
  );
}

interface FieldProps {
  name: ParameterName;
  value: string;
  problem: Problem | undefined;
  /** Lines of a text; 0 for a number. */
  lines: number;
  first: boolean;
  change(value: string): void;
}

function Field({ name, value, problem, lines, first, change }: FieldProps): VNode {
  const id = useId();
  const label = text(`parameters.${name}`);
  const shared = {
    ...{ id, value, "aria-invalid": problem !== undefined, "aria-describedby": `${id}-hint` },
    ...{ "data-first": first ? "" : undefined, placeholder: text("parameters.placeholder") },
  };
  return (
    <div class="parameter">
      <label for={id}>{label}</label>
      {lines > 0 ? (
        <textarea
          {...shared}
          rows={lines}
          dir="auto"
          onInput={(event) => change(event.currentTarget.value)}
        />
      ) : (
        <input
          {...shared}
          inputMode="decimal"
          autocomplete="off"
          onInput={(event) => change(event.currentTarget.value)}
        />
      )}
      <p class={problem ? "hint wrong" : "hint"} id={`${id}-hint`} role={problem ? "alert" : undefined}>
        {problem ? problemWords(problem, label) : hintWords(name)}
      </p>
    </div>
  );
}

function hintWords(name: ParameterName): string {
  return name === "stop"
    ? text("parameters.stopHint", { most: LIMITS.stops })
    : text(`parameters.${name}Hint`);
}

function problemWords(problem: Problem, field: string): string {
  switch (problem.kind) {
    case "number":
      return text("parameters.badNumber", { field, least: problem.least, most: problem.most });
    case "whole":
      return text("parameters.badWhole", { field, least: problem.least, most: problem.most });
    case "stops":
      return text("parameters.badStops", { field, most: problem.most, chars: problem.chars });
    case "bytes":
      return text("parameters.badBytes", { field, bytes: problem.bytes, most: problem.most });
  }
}

/** A preset says nothing of the other fields. */
function pick(texts: ParameterTexts): Partial<ParameterTexts> {
  return { temperature: texts.temperature, topP: texts.topP };
}

function holds(parameters: Parameters, preset: Parameters): boolean {
  return parameters.temperature === preset.temperature && parameters.topP === preset.topP;
}

function isSame(left: object, right: object): boolean {
  const [a, b] = [left, right].map((each) => JSON.stringify(Object.entries(each).sort()));
  return a === b;
}
