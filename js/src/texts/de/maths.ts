import type { Catalogue } from "../texts";

export const maths = {
  "maths.undrawn": "Diese Formel kann nicht dargestellt werden: {reason}",
} as const satisfies Catalogue;
