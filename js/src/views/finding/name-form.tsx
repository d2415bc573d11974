import type { VNode } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { text } from "../../texts/texts";

interface NameFormProps {
  label: string;
  save: string;
  value?: string;
  /** Called with the name, or null where there is to be none. */
  done(name: string | null): void;
}

/** Asks for a name in its place; Escape gives it up, and closes nothing else. */
export function NameForm({ label, save, value = "", done }: NameFormProps): VNode {
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    field.current?.focus();
    field.current?.select();
  }, []);
  return (
    <form
      class="name-form"
      onSubmit={(event) => {
        event.preventDefault();
        const name = field.current?.value.trim();
        if (name) done(name);
      }}
      onKeyDown={(event) => {
        if (event.key !== "Escape" || event.isComposing) return;
        event.preventDefault();
        event.stopPropagation();
        done(null);
      }}
    >
      <input
        ref={field}
        aria-label={label}
        placeholder={label}
        defaultValue={value}
        maxLength={200}
        dir="auto"
        autocomplete="off"
      />
      <button type="submit" class="plain">
        {save}
      </button>
      <button type="button" class="quiet" onClick={() => done(null)}>
        {text("switch.cancel")}
      </button>
    </form>
  );
}
