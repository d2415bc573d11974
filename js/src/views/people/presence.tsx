import type { VNode } from "preact";
import type { Store } from "../../store/store";
import { numeral, text } from "../../texts/texts";
import { asOfWords, useAsOf } from "../connection/as-of";
import { Avatar } from "./avatar";
import { personLabel } from "./person-label";

const MOST = 5;

/** Who is here: up to five avatars, then "+n"; pressed, all of them by name. */
export function Presence({ store }: { store: Store }): VNode | null {
  const asOf = useAsOf(store);
  const people = store.select.participants.value;
  const self = store.select.selfId.value;
  if (people.length === 0) return null;
  const shown = people.length > MOST ? people.slice(0, MOST - 1) : people;
  const hidden = people.slice(shown.length);
  return (
    <button
      type="button"
      class={asOf === null ? "presence" : "presence past"}
      aria-label={text("people.label")}
      title={asOfWords(text("people.here", { count: people.length }), asOf)}
      aria-haspopup="dialog"
      aria-expanded={store.composing.sheet.value === "people"}
      onClick={() => store.composing.toggle("people")}
    >
      {shown.map((person) => (
        <span
          key={person.userId}
          class={`person ${person.state}`}
          title={asOfWords(personLabel(person, self), asOf)}
        >
          <Avatar name={person.userName} participant={person} />
        </span>
      ))}
      {hidden.length > 0 && (
        <span
          class="person rest"
          title={asOfWords(hidden.map((person) => personLabel(person, self)).join("\n"), asOf)}
        >
          <span class="avatar more">+{numeral(hidden.length)}</span>
        </span>
      )}
    </button>
  );
}
