import type { VNode } from "preact";
import { isCurrent } from "../../state/way";
import type { Store } from "../../store/store";
import { text } from "../../texts/texts";
import { InviteForm } from "../people/invite-form";
import { placeInList } from "../people/person-order";
import { type Person, PersonRow } from "../people/person-row";
import { type Members, useMembers } from "../people/use-members";
import { shownName } from "../words";

/** Who is here, what they do and their roles; oneself first, then who is at it, then members who are not here. */
export function PeopleSheet({ store }: { store: Store }): VNode {
  const members = useMembers(store);
  const settings = store.select.conversation.value;
  const self = store.select.selfId.value;
  const owns = (members.roles.value?.get(self) ?? settings?.role) === "owner";
  const isOpen = settings?.visibility === "open";
  return (
    <div class="participants">
      <ul class="people" aria-label={text("people.list")}>
        {peopleOf(store, members).map((person) => (
          <PersonRow
            key={person.userId}
            person={person}
            members={members}
            isCurrent={isCurrent(store)}
            owns={owns && members.roles.value !== null}
            canRemove={!isOpen}
          />
        ))}
      </ul>
      <Said members={members} />
      {owns && <InviteForm members={members} />}
      <p class="hint">{text(isOpen ? "people.openToAll" : "people.roles")}</p>
    </div>
  );
}

/** One line: what went wrong, else what was done. */
function Said({ members }: { members: Members }): VNode {
  const problem = members.problem.value;
  return (
    <>
      {problem && (
        <p class="hint wrong" role="alert">
          {problem}{" "}
          {members.roles.value === null && (
            <button type="button" class="plain" onClick={members.reload}>
              {text("people.again")}
            </button>
          )}
        </p>
      )}
      <p class="hint" role="status">
        {!problem && (members.done.value ?? (members.roles.value ? "" : text("people.loading")))}
      </p>
    </>
  );
}

function peopleOf(store: Store, members: Members): Person[] {
  const self = store.select.selfId.value;
  const roles = members.roles.value;
  const typing = store.select.typing.value;
  const here = store.select.participants.value.map((each): Person => {
    const { userId, userName } = each;
    const participant = { ...each, typing: typing.includes(userId) };
    return {
      userId,
      name: shownName(userName),
      participant,
      role: roles?.get(userId),
      isSelf: userId === self,
    };
  });
  const present = new Set(here.map(({ userId }) => userId));
  const elsewhere = [...(roles ?? [])]
    .filter(([userId]) => !present.has(userId))
    .map(([userId, role]): Person => {
      const name = shownName(lastName(store, userId) ?? userId);
      return { userId, name, participant: undefined, role, isSelf: userId === self };
    });
  return [...here, ...elsewhere].sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name));
}

function rank({ isSelf, participant }: Person): number {
  return placeInList(participant?.state, isSelf);
}

/** What somebody who is not here was called when they last wrote. */
function lastName(store: Store, userId: string): string | undefined {
  return store.select.messages.value.findLast(({ author }) => author?.userId === userId)?.author?.userName;
}
