/** Sprachnachrichten. */
export const voice = {
  "voice.record": "Sprachnachricht aufnehmen",
  "voice.hint": "Gedrückt halten, um eine Sprachnachricht aufzunehmen",
  "voice.recording": "Dein Mikrofon ist an",
  "voice.asking": "Der Browser fragt, ob er das Mikrofon benutzen darf.",
  "voice.held": "Loslassen sendet sie. Escape verwirft sie.",
  "voice.open": "Das Mikrofon drücken sendet sie. Escape verwirft sie.",
  "voice.ending": "Bei {time} endet sie von selbst und wird gesendet.",
  "voice.cancel": "Abbrechen",
  "voice.tooShort": "Das war zu kurz. Halte das Mikrofon gedrückt, während du sprichst.",
  "voice.unplayable": "Dieser Browser kann sie nicht abspielen. Sie lässt sich herunterladen.",
  "voice.play": "Abspielen",
  "voice.pause": "Anhalten",
  "voice.position": "Stelle",
} as const;
