import type { VNode } from "preact";
import { sessionOf } from "../../calls/session-of";
import type { Store } from "../../store/store";
import { Lobby } from "./lobby";
import { Stage } from "./stage";

/** The call: its lobby, or the people in it. */
export function CallSheet({ store }: { store: Store }): VNode {
  const session = sessionOf(store);
  const people = store.select.participants.value;
  return session.phase.value === "in" ? (
    <Stage session={session} people={people} />
  ) : (
    <Lobby session={session} people={people} />
  );
}
