import type { Catalogue } from "../texts";

export const markdown = {
  "code.draw": "Dibujar el diagrama",
  "code.drawing": "Dibujando el diagrama…",
  "code.show": "Mostrar el código",
  "code.label": "Código",
  "code.labelOf": "Código, {language}",
  "code.text": "texto",
  "code.wrap": "Ajustar líneas",
  "image.image": "imagen",
  "image.load": "Cargar la imagen de {host}",
  "image.loadNamed": "Cargar la imagen «{name}» de {host}",
  "task.label": "Tarea",
  "lazy.failed": "No se ha podido cargar esta parte. {reason}",
  "lazy.again": "Reintentar",
  "lazy.nothing": "El kernel no ha enviado nada.",
  "lazy.noPart": "Lo que ha enviado el kernel no forma parte del chat.",
  "lazy.updated": "El chat se ha actualizado: vuelve a ejecutar la celda.",
} as const satisfies Catalogue;
