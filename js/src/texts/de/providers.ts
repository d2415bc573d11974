import type { Catalogue } from "../texts";

export const providers = {
  "No provider": "Kein Anbieter",
  "small model, often wrong": "kleines Modell, irrt sich oft",
  "Providers of the hub": "Anbieter des Hubs",
  "The hub has named no provider.": "Der Hub hat keinen Anbieter genannt.",
  "Last failovers": "Letzte Wechsel des Anbieters",
  "First token": "Erstes Token",
  Speed: "Tempo",
  Errors: "Fehler",
  Breaker: "Schutzschalter",
  closed: "geschlossen",
  open: "offen",
  "trying one": "eine Probe läuft",
  "Requests left": "Übrige Anfragen",
  "Tokens left": "Übrige Token",
  "{left} of {limit}": "{left} von {limit}",
  "resets in {time}": "zurückgesetzt in {time}",
  "lasts about {time} at this rate": "reicht so noch etwa {time}",
  Models: "Modelle",
  "{count} more": "{count} weitere",
  "Tried again in {time}.": "Neuer Versuch in {time}.",
} as const satisfies Catalogue;
