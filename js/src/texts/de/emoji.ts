import type { Catalogue } from "../texts";

export const emoji = {
  "emoji.label": "Emoji",
  "emoji.search": "Emoji suchen",
  "emoji.recent": "Zuletzt verwendet",
  "emoji.smileys": "Smileys",
  "emoji.people": "Menschen",
  "emoji.nature": "Tiere und Natur",
  "emoji.food": "Essen und Trinken",
  "emoji.travel": "Reisen und Orte",
  "emoji.activities": "Aktivitäten",
  "emoji.objects": "Gegenstände",
  "emoji.symbols": "Symbole",
  "emoji.flags": "Flaggen",
  "emoji.none": "Kein Emoji heißt so.",
} as const satisfies Catalogue;
