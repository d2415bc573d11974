import type { Catalogue } from "../texts";

export const context = {
  "context.label": "Acompaña al mensaje para el modelo",
  "context.total": "{used} de {most} kB, ≈ {tokens} tokens",
  "context.reading": "leyendo…",
  "context.remove": "Dejar fuera @{name}",
  "context.again": "Leer @{name} de nuevo",
  "context.edit": "Lo que el modelo lee de @{name}",
  "context.over": "Como máximo acompañan {most}. Quedan fuera: {names}.",
  "context.unknown": "Aquí nada se llama {names}: se envía como texto.",
  "context.noKernel":
    "Este chat no ve variables: {names} se envía como texto. El chat de una celda las incluye.",
  "context.cut": "recortado",
  "context.masked": "secretos ocultos",
  "context.unnamed": "contexto",
  "context.maskedPrivateKey": "clave privada",
  "context.maskedApiKey": "clave de API",
  "context.maskedToken": "token",
  "context.maskedAddress": "contraseña en una dirección",
  "context.maskedNamed": "secreto bajo su nombre",
  "context.maskedVariable": "valor de una variable de entorno",
  "context.maskedEnv": "valores de .env",
} as const satisfies Catalogue;
