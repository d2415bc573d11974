import type { Catalogue } from "../texts";

export const health = {
  "Connection to the hub": "Conexión con el hub",
  Hub: "Hub",
  Transport: "Transporte",
  "Round trip": "Ida y vuelta",
  "95 % within": "95 % en menos de",
  "First paint": "Primera imagen",
  Reconnects: "Reconexiones",
  Unsent: "Sin enviar",
  Providers: "Proveedores",
  "Nothing is known of the providers.": "No se sabe nada de los proveedores.",
  "Asking the hub for its providers…": "Preguntando al hub por sus proveedores…",
  "steady at {value} s": "estable en {value} s",
  "lately between {least} and {most} s": "últimamente entre {least} y {most} s",
} as const satisfies Catalogue;
