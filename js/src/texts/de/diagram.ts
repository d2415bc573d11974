import type { Catalogue } from "../texts";

export const diagram = {
  "diagram.alt": "Diagramm des Codes",
  "diagram.undrawn": "Dieses Diagramm kann nicht gezeichnet werden: {reason}",
  "diagram.tooLong": "Es ist länger als 50.000 Zeichen.",
  "diagram.tooSlow": "Das Zeichnen dauert zu lange.",
  "diagram.nothing": "Es gibt nichts zu zeigen.",
} as const satisfies Catalogue;
