import type { Catalogue } from "../texts";

export const queue = {
  "sheet.queue": "Wartend",
  "queue.count": "wartend ({count})",
  "queue.about": { one: "{count} Eintrag wartet auf den Hub", other: "{count} Einträge warten auf den Hub" },
  "queue.intro":
    "Auf der Platte aufgehoben; wird in dieser Reihenfolge gesendet, sobald der Hub erreichbar ist.",
  "queue.none": "Nichts wartet auf den Hub.",
  "queue.more": { one: "{count} weiterer wartet.", other: "{count} weitere warten." },
  "queue.waits": "Wartet. Wird gesendet, wenn der Hub zurück ist.",
  "queue.asOf": "Der Hub ist nicht erreichbar: Stand {time}.",
  "queue.serverIntro":
    "In diesem Browser aufgehoben; wird in dieser Reihenfolge gesendet, sobald der Jupyter-Server erreichbar ist.",
  "queue.serverWaits": "Wartet. Wird gesendet, wenn der Jupyter-Server zurück ist.",
  "queue.serverAsOf": "Der Jupyter-Server ist nicht erreichbar: Stand {time}.",
  "queue.edit": "Bearbeiten",
  "queue.delete": "Löschen",
  "queue.react": "Reaktion",
  "queue.earlier": "Früher senden",
  "queue.later": "Später senden",
  "queue.fixed": "Sie ist vielleicht schon angekommen, darum bleibt ihr Platz.",
  "queue.save": "Speichern",
  "queue.cancel": "Abbrechen",
} as const satisfies Catalogue;
