import type { VNode } from "preact";
import type { Participant } from "../contract";
import type { Store } from "../store";
import { Avatar } from "./avatar";
import { shownName } from "./words";

const MOST = 5;

/** Who is here: up to five avatars, then "+n". Names in titles and for screen readers. */
export function Presence({ store }: { store: Store }): VNode | null {
  const people = store.select.participants.value;
  const self = store.select.selfId.value;
  if (people.length === 0) return null;
  const shown = people.length > MOST ? people.slice(0, MOST - 1) : people;
  const hidden = people.slice(shown.length);
  return (
    <ul class="presence" aria-label={people.length === 1 ? "1 person here" : `${people.length} people here`}>
      {shown.map((person) => (
        <li key={person.userId} class={person.state} title={label(person, self)}>
          <Avatar name={person.userName} participant={person} />
          <span class="sr-only">{label(person, self)}</span>
        </li>
      ))}
      {hidden.length > 0 && (
        <li title={hidden.map((person) => label(person, self)).join("\n")}>
          <span class="avatar more">+{hidden.length}</span>
        </li>
      )}
    </ul>
  );
}

function label(person: Participant, self: string): string {
  const notes = [person.userId === self ? "you" : "", person.state === "active" ? "" : person.state].filter(
    Boolean,
  );
  const name = shownName(person.userName);
  return notes.length > 0 ? `${name} (${notes.join(", ")})` : name;
}
