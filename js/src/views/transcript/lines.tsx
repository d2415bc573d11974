import type { VNode } from "preact";
import type { NoticeLine, Participant } from "../../contract";
import { plainLine } from "../../plain";
import type { Store } from "../../store";
import { language, listed, text } from "../../texts/texts";
import { Avatar } from "../avatar";
import { personName } from "../message/person-name";

const DAY_MS = 86_400_000;
/** More faces than these are a number. */
const MOST_READERS = 4;

/** "Today", "Yesterday", "Monday, 23 November 2026". */
export function dayLabel(timestamp: string, now: Date = new Date()): string {
  const date = new Date(timestamp);
  const day = date.toDateString();
  if (day === now.toDateString()) return text("transcript.today");
  if (day === new Date(now.getTime() - DAY_MS).toDateString()) return text("transcript.yesterday");
  return date.toLocaleDateString(language(), {
    weekday: "long",
    day: "numeric",
    month: "long",
    year: "numeric",
  });
}

/** Where a day begins. */
export function DayLine({ timestamp }: { timestamp: string }): VNode {
  return (
    <p class="divider day">
      <time dateTime={timestamp}>{dayLabel(timestamp)}</time>
    </p>
  );
}

/** Where what is new begins. */
export function UnreadLine(): VNode {
  return (
    <p class="divider unread">
      <span>{text("transcript.unread")}</span>
    </p>
  );
}

/** What the hub told everybody: a quiet line where it came. */
export function HubNotice({ notice }: { notice: NoticeLine }): VNode {
  return (
    <p class="message note" data-kind={notice.kind}>
      {plainLine(notice.text)}
    </p>
  );
}

interface ReadersProps {
  store: Store;
  userIds: readonly string[];
  people: ReadonlyMap<string, Participant>;
}

/** Who has read up to here: small faces at the edge, which move nothing. */
export function Readers({ store, userIds, people }: ReadersProps): VNode | null {
  if (userIds.length === 0) return null;
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
