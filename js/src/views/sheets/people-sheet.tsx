import type { VNode } from "preact";
import type { Participant } from "../../contract";
import type { Store } from "../../store";
import { text } from "../../texts/texts";
import { Avatar } from "../avatar";
import { stateWords } from "../person-label";
import { shownName } from "../words";

const ORDER: readonly Participant["state"][] = ["active", "idle", "away"];

/** Who is here and what they do; oneself first, then who is at it. */
export function PeopleSheet({ store }: { store: Store }): VNode {
  const self = store.select.selfId.value;
  const rank = ({ userId, state }: Participant): number => {
    if (userId === self) return -1;
    const place = ORDER.indexOf(state);
    return place < 0 ? ORDER.length : place;
  };
  const people = [...store.select.participants.value].sort(
    (a, b) => rank(a) - rank(b) || a.userName.localeCompare(b.userName),
  );
  return (
    <ul class="people">
      {people.map((person) => (
        <li key={person.userId} class={person.state}>
          <Avatar name={person.userName} participant={person} />
          <span class="name">
            <bdi>{shownName(person.userName)}</bdi>
            {person.userId === self && <span class="you"> {text("people.youMark")}</span>}
          </span>
          <span class="state">{stateWords(person)}</span>
        </li>
      ))}
    </ul>
  );
}
