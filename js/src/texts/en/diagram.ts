/** What is said of a diagram. */
export const diagram = {
  "diagram.alt": "Diagram of the code",
  "diagram.undrawn": "This diagram cannot be drawn: {reason}",
  "diagram.tooLong": "it is longer than 50,000 characters.",
  "diagram.tooSlow": "drawing it takes too long.",
  "diagram.nothing": "there is nothing to show.",
} as const;
