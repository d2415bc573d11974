import type { Catalogue } from "../texts";

export const providers = {
  "No provider": "Sin proveedor",
  "small model, often wrong": "modelo pequeño, se equivoca a menudo",
  "Providers of the hub": "Proveedores del hub",
  "The hub has named no provider.": "El hub no ha indicado ningún proveedor.",
  "Last failovers": "Últimos cambios de proveedor",
  "First token": "Primer token",
  Speed: "Velocidad",
  Errors: "Errores",
  Breaker: "Disyuntor",
  closed: "cerrado",
  open: "abierto",
  "trying one": "probando con una",
  "Requests left": "Peticiones restantes",
  "Tokens left": "Tokens restantes",
  "{left} of {limit}": "{left} de {limit}",
  "resets in {time}": "se restablece en {time}",
  "lasts about {time} at this rate": "a este ritmo dura unos {time}",
  Models: "Modelos",
  "{count} more": "{count} más",
  "Tried again in {time}.": "Nuevo intento en {time}.",
} as const satisfies Catalogue;
