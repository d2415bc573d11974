/** Footnotes, in a chunk of their own. */
export const footnotes = {
  "footnote.label": "Footnote {number}",
  "footnote.back": "Back to the text of footnote {number}",
} as const;
