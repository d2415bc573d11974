import type { Catalogue } from "../texts";

export const markdown = {
  "code.drawing": "Diagramm wird gezeichnet…",
  "code.label": "Code",
  "code.labelOf": "Code, {language}",
  "code.text": "Text",
  "image.image": "Bild",
  "image.load": "Bild von {host} laden",
  "image.loadNamed": "Bild „{name}“ von {host} laden",
  "task.label": "Aufgabe",
  "lazy.failed": "Dieser Teil konnte nicht geladen werden. {reason}",
  "lazy.again": "Erneut versuchen",
  "lazy.nothing": "Der Kernel hat nichts geschickt.",
  "lazy.noPart": "Was der Kernel geschickt hat, gehört nicht zum Chat.",
  "lazy.updated": "Der Chat wurde aktualisiert: Lade die Seite neu oder führe seine Zelle noch einmal aus.",
} as const satisfies Catalogue;
