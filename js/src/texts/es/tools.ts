import type { Catalogue } from "../texts";

export const tools = {
  "tools.label": "Herramientas que llamó el modelo",
  "tools.unnamed": "Una herramienta",
  "tools.arguments": "Argumentos",
  "tools.result": "Resultado",
  "tools.error": "Error",
  "tools.failed": "fallida",
  "tools.noResult": "No se conoce ningún resultado.",
  "tools.nothing": "(nada)",
  "tools.milliseconds": "{time} ms",
} as const satisfies Catalogue;
