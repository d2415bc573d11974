import type { VNode } from "preact";
import type { NoticeLine } from "../../contract";
import { language, retold, text } from "../../texts/texts";

/** "Today", "Yesterday", "Monday, 23 November 2026". */
export function dayLabel(timestamp: string, now: Date = new Date()): string {
  const date = new Date(timestamp);
  const day = date.toDateString();
  if (day === now.toDateString()) return text("transcript.today");
  // By the calendar: a day in which the clocks change has 23 or 25 hours.
  const before = new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1);
  if (day === before.toDateString()) return text("transcript.yesterday");
  return date.toLocaleDateString(language(), { dateStyle: "full" });
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
      {retold(notice.text, notice.said)}
    </p>
  );
}
