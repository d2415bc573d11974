import type { Catalogue } from "../texts";

export const details = {
  "details.latency": "Umlauf zum Hub",
  "details.latencyValue": "{value} ms",
  "details.tokens": "Token",
  "details.tokensValue": "{value} je Sekunde",
  "details.messages": "Nachrichten",
  "details.messagesValue": "{value} in der letzten Minute",
  "details.reconnects": "Neuverbindungen seit dem Öffnen",
  "details.reconnectsValue": "{value}",
  "details.queue": "Warten auf den Versand",
  "details.queueValue": "{value}",
  "details.steady": "gleichbleibend bei {value}",
  "details.between": "zuletzt zwischen {least} und {most}",
} as const satisfies Catalogue;
