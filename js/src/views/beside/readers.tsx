import type { VNode } from "preact";
import type { Participant } from "../../contract";
import type { Store } from "../../store/store";
import { listed, text } from "../../texts/texts";
import { personName } from "../message/person-name";
import { Avatar } from "../people/avatar";

/** More faces than these are a number. */
const MOST_READERS = 4;

interface ReadersProps {
  store: Store;
  userIds: readonly string[];
  people: ReadonlyMap<string, Participant>;
}

/** Who has read up to here: small faces at the edge, which move nothing. */
export function Readers({ store, userIds, people }: ReadersProps): VNode {
  const words = text("message.readBy", { names: listed(userIds.map((id) => personName(store, id))) });
  const shown = userIds.slice(0, userIds.length > MOST_READERS ? MOST_READERS - 1 : MOST_READERS);
  return (
    <div class="readers" role="img" aria-label={words} title={words}>
      {shown.map((id) => (
        <Avatar
          key={id}
          name={people.get(id)?.userName ?? personName(store, id)}
          participant={people.get(id)}
        />
      ))}
      {userIds.length > shown.length && <span class="avatar more">+{userIds.length - shown.length}</span>}
    </div>
  );
}
