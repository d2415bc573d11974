import type { Participant } from "../../contract";

const ORDER: readonly Participant["state"][] = ["active", "idle", "away"];

/** Where somebody stands in a list of people: oneself first, then who is at it; who is not here comes last. */
export function placeInList(state: Participant["state"] | undefined, isSelf: boolean): number {
  if (isSelf) return -1;
  const place = state ? ORDER.indexOf(state) : -1;
  return place < 0 ? ORDER.length : place;
}
