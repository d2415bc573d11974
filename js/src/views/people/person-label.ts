import type { Participant, ParticipantState } from "../../contract";
import { type PlainKey, text } from "../../texts/texts";
import { shownName, wordFor } from "../words";

const STATES: Record<ParticipantState, PlainKey> = {
  active: "people.active",
  idle: "people.idle",
  away: "people.away",
};

/** What somebody is doing, in a word or two. */
export function stateWords({ state, typing }: Participant): string {
  if (typing) return text("people.typing");
  const key = wordFor(STATES, state);
  return key ? text(key) : "";
}

/** "Ada (you)", "Bo (idle)". */
export function personLabel(person: Participant, self: string): string {
  const notes = [
    person.userId === self ? text("people.you") : "",
    person.state === "active" ? "" : stateWords({ ...person, typing: false }),
  ].filter(Boolean);
  const name = shownName(person.userName);
  return notes.length > 0 ? text("people.noted", { name, notes: notes.join(", ") }) : name;
}
