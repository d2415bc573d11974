/** Where messages are written. */
export const composer = {
  "composer.label": "Message",
  "composer.placeholder": "Message",
  "composer.send": "Send",
  "composer.stop": "Stop",
  "composer.stopping": "Stopping…",
  "composer.stopHint": "Stop the answer (Esc)",
  "composer.tooLong": "The message has {bytes} bytes; the limit is {most}. Send it in parts.",
} as const;
