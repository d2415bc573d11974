import type { Catalogue } from "../texts";

export const maths = {
  "maths.undrawn": "No se puede mostrar esta fórmula: {reason}",
} as const satisfies Catalogue;
