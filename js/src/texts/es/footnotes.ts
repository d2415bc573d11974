import type { Catalogue } from "../texts";

export const footnotes = {
  "footnote.label": "Nota {number}",
  "footnote.back": "Volver al texto de la nota {number}",
} as const satisfies Catalogue;
