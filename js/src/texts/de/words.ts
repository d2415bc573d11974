import type { Catalogue } from "../texts";

export const words = {
  "connection.live": "Verbunden",
  "connection.offline": "Offline",
  "connection.removed": "Entfernt",
  "connection.connecting": "Verbindung wird hergestellt…",
  "connection.reconnecting": "Verbindung wird wiederhergestellt…",
  "connection.reconnectingIn": "Neue Verbindung in {seconds} s",
  "connection.tryingIn": "Neuer Versuch in {seconds} s",
  "connection.tryNow": "Jetzt versuchen",
  "connection.paused": "Angehalten",
  "connection.now": "Jetzt",
  "metrics.firstToken": "TTFT {seconds} s",
  "metrics.rate": "{rate} tok/s",
  "metrics.tokens": { one: "{count} Token", other: "{count} Token" },
  "time.seconds": "{seconds} s",
  "time.minutes": "{minutes} min",
  "time.minutesSeconds": "{minutes} min {seconds} s",
  "time.hours": "{hours} h",
  "time.hoursMinutes": "{hours} h {minutes} min",
} as const satisfies Catalogue;
