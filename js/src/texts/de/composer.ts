import type { Catalogue } from "../texts";

export const composer = {
  "composer.label": "Nachricht",
  "composer.placeholder": "Nachricht",
  "composer.send": "Senden",
  "composer.stop": "Stoppen",
  "composer.stopping": "Wird gestoppt…",
  "composer.stopHint": "Antwort stoppen (Esc)",
  "composer.tooLong":
    "Die Nachricht hat {bytes} Bytes, erlaubt sind {most}. Bitte kürzen oder in Teilen senden.",
} as const satisfies Catalogue;
