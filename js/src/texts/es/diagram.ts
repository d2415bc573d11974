import type { Catalogue } from "../texts";

export const diagram = {
  "diagram.alt": "Diagrama del código",
  "diagram.undrawn": "No se puede dibujar este diagrama: {reason}",
  "diagram.tooLong": "tiene más de 50.000 caracteres.",
  "diagram.tooSlow": "dibujarlo lleva demasiado tiempo.",
  "diagram.nothing": "no hay nada que mostrar.",
} as const satisfies Catalogue;
