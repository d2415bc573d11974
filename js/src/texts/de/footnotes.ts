import type { Catalogue } from "../texts";

export const footnotes = {
  "footnote.label": "Fußnote {number}",
  "footnote.back": "Zurück zum Text von Fußnote {number}",
} as const satisfies Catalogue;
