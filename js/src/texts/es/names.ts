import type { Catalogue } from "../texts";

export const names = {
  "people.label": "Participantes",
  "people.here": { one: "{count} persona aquí", other: "{count} personas aquí" },
  "people.noted": "{name} ({notes})",
  "people.you": "tú",
  "people.youMark": "(tú)",
  "people.active": "aquí",
  "people.idle": "inactivo",
  "people.away": "ausente",
  "people.typing": "escribiendo…",
  "people.joined": { one: "{who} se ha unido.", other: "{who} se han unido." },
  "people.left": { one: "{who} se ha ido.", other: "{who} se han ido." },
  "people.mentionsYou": "Te menciona",
  "typing.typing": { one: "{who} está escribiendo…", other: "{who} están escribiendo…" },
  "names.others": { one: "{count} más", other: "{count} más" },
  "reaction.given": "Con {emoji}: {names}",
  "reaction.yours": "Con {emoji}: {names}. Pulsa para quitar tu reacción.",
} as const satisfies Catalogue;
