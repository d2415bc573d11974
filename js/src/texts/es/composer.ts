import type { Catalogue } from "../texts";

export const composer = {
  "composer.label": "Mensaje",
  "composer.placeholder": "Mensaje",
  "composer.send": "Enviar",
  "composer.stop": "Detener",
  "composer.stopping": "Deteniendo…",
  "composer.stopHint": "Detener la respuesta (Esc)",
  "composer.tooLong": "El mensaje tiene {bytes} bytes; el límite es {most}. Acórtalo o envíalo por partes.",
} as const satisfies Catalogue;
