import type { Catalogue } from "../texts";

export const words = {
  "connection.live": "Conectado",
  "connection.offline": "Sin conexión",
  "connection.removed": "Eliminado",
  "connection.connecting": "Conectando…",
  "connection.reconnecting": "Reconectando…",
  "connection.reconnectingIn": "Reconexión en {seconds} s",
  "connection.tryingIn": "Nuevo intento en {seconds} s",
  "connection.tryNow": "Intentar ahora",
  "connection.paused": "En pausa",
  "connection.now": "Ahora",
  "metrics.firstToken": "TTFT {seconds} s",
  "metrics.rate": "{rate} tok/s",
  "metrics.tokens": { one: "{count} token", other: "{count} tokens" },
  "time.seconds": "{seconds} s",
  "time.minutes": "{minutes} min",
  "time.minutesSeconds": "{minutes} min {seconds} s",
  "time.hours": "{hours} h",
  "time.hoursMinutes": "{hours} h {minutes} min",
} as const satisfies Catalogue;
