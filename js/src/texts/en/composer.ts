/** Where messages are written. */
export const composer = {
  "composer.label": "Message",
  "composer.placeholder": "Message",
  "composer.hintEnter": "Enter sends, Shift+Enter breaks the line. / for commands, @ for people and models",
  "composer.hintModEnter": "{keys} sends, Enter breaks the line. / for commands, @ for people and models",
  "composer.send": "Send",
  "composer.sendHint": "Send ({keys})",
  "composer.stop": "Stop",
  "composer.stopping": "Stopping…",
  "composer.stopHint": "Stop the answer (Esc)",
  "composer.tooLong": "The message has {bytes} bytes; the limit is {most}. Shorten it or send it in parts.",
  "composer.unknownCommand":
    "There is no command /{name}. /help lists them; begin with // to send it as text.",
} as const;
