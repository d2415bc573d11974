import type { VNode } from "preact";
import type { Participant } from "../../contract";
import { plainName } from "../../plain";
import { text } from "../../texts/texts";
import type { PresenceStore } from "../../widgets/presence";
import { type AsOf, asOfWords, useAsOf } from "../connection/as-of";
import { ConnectionBadge, ConnectionBanner } from "../connection/connection";
import { shownName } from "../words";
import { Avatar } from "./avatar";
import { stateWords } from "./person-label";
import { placeInList } from "./person-order";

/** Who is in a conversation, in a cell of its own; while the connection is lost, who was in it last. */
export function PresenceList({ store }: { store: PresenceStore }): VNode {
  const asOf = useAsOf(store);
  const here = store.presence.value;
  const rank = ({ state, userId }: Participant): number => placeInList(state, userId === here?.selfId);
  const people = [...(here?.participants ?? [])].sort(
    (a, b) => rank(a) - rank(b) || a.userName.localeCompare(b.userName),
  );
  return (
    <section class="presence-list" aria-label={text("people.label")}>
      <header>
        <bdi class="title">{plainName(here?.conversationId)}</bdi>
        {here && <span class="count">{asOfWords(text("people.here", { count: people.length }), asOf)}</span>}
        <ConnectionBadge way={store} />
      </header>
      <ul class="people">
        {people.map((person) => (
          <Person key={person.userId} person={person} isSelf={person.userId === here?.selfId} asOf={asOf} />
        ))}
      </ul>
      <ConnectionBanner way={store} />
    </section>
  );
}

function Person({ person, isSelf, asOf }: { person: Participant; isSelf: boolean; asOf: AsOf }): VNode {
  return (
    <li class={asOf === null ? person.state : "absent"}>
      <Avatar name={person.userName} participant={person} />
      <span class="who">
        <span class="named">
          <bdi>{shownName(person.userName)}</bdi>
          {isSelf && <span class="you"> {text("people.youMark")}</span>}
        </span>
        <span class="doing">{asOf === null ? stateWords(person) : asOfWords("", Number.NaN)}</span>
      </span>
    </li>
  );
}
