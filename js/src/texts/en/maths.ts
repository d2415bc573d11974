/** Formulas, in a chunk of their own. */
export const maths = {
  "maths.undrawn": "This formula cannot be drawn: {reason}",
} as const;
