import type { Catalogue } from "../texts";

export const markdown = {
  "code.drawing": "Dibujando el diagrama…",
  "code.label": "Código",
  "code.labelOf": "Código, {language}",
  "code.text": "texto",
  "image.image": "imagen",
  "image.load": "Cargar la imagen de {host}",
  "image.loadNamed": "Cargar la imagen «{name}» de {host}",
  "task.label": "Tarea",
  "lazy.failed": "No se ha podido cargar esta parte. {reason}",
  "lazy.again": "Reintentar",
  "lazy.nothing": "El kernel no ha enviado nada.",
  "lazy.noPart": "Lo que ha enviado el kernel no forma parte del chat.",
  "lazy.updated": "El chat se ha actualizado: recarga la página o vuelve a ejecutar su celda.",
} as const satisfies Catalogue;
