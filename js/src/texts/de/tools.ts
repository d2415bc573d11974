import type { Catalogue } from "../texts";

export const tools = {
  "tools.label": "Werkzeuge, die das Modell aufgerufen hat",
  "tools.unnamed": "Ein Werkzeug",
  "tools.arguments": "Argumente",
  "tools.result": "Ergebnis",
  "tools.error": "Fehler",
  "tools.failed": "fehlgeschlagen",
  "tools.noResult": "Es ist kein Ergebnis bekannt.",
  "tools.nothing": "(nichts)",
  "tools.milliseconds": "{time} ms",
} as const satisfies Catalogue;
