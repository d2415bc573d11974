import type { Participant } from "../../contract";
import { listed, text } from "../../texts/texts";
import { shownName } from "../words";

/** "Ada", "Ada and Bo", "Ada, Bo and Cy", "Ada, Bo and 3 others". */
export function nameList(names: readonly string[]): string {
  if (names.length <= 3) return listed(names);
  return listed([...names.slice(0, 2), text("names.others", { count: names.length - 2 })]);
}

/** "Ada" and what stands around the names: they can be cut short, what they do cannot; null when nobody types. */
export function typingWords(
  userIds: readonly string[],
  participants: readonly Participant[],
): { who: string; count: number } | null {
  if (userIds.length === 0) return null;
  const names = userIds.map((id) =>
    shownName(
      participants.find((participant) => participant.userId === id)?.userName ?? text("message.someone"),
    ),
  );
  return { who: nameList(names), count: names.length };
}
