import type { Catalogue } from "../texts";

export const names = {
  "people.label": "Teilnehmende",
  "people.here": { one: "{count} Person hier", other: "{count} Personen hier" },
  "people.noted": "{name} ({notes})",
  "people.you": "du",
  "people.youMark": "(du)",
  "people.active": "hier",
  "people.idle": "untätig",
  "people.away": "abwesend",
  "people.typing": "schreibt…",
  "people.joined": { one: "{who} ist dazugekommen.", other: "{who} sind dazugekommen." },
  "people.left": { one: "{who} ist gegangen.", other: "{who} sind gegangen." },
  "people.mentionsYou": "Erwähnt dich",
  "typing.typing": { one: "{who} schreibt…", other: "{who} schreiben…" },
  "names.others": { one: "{count} weitere Person", other: "{count} weitere" },
  "reaction.given": "Mit {emoji} reagiert: {names}",
  "reaction.yours": "Mit {emoji} reagiert: {names}. Drücken, um die eigene Reaktion zurückzunehmen.",
} as const satisfies Catalogue;
