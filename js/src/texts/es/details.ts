import type { Catalogue } from "../texts";

export const details = {
  "details.latency": "Ida y vuelta al hub",
  "details.latencyValue": "{value} ms",
  "details.tokens": "Tokens",
  "details.tokensValue": "{value} por segundo",
  "details.messages": "Mensajes",
  "details.messagesValue": "{value} en el último minuto",
  "details.reconnects": "Reconexiones desde la apertura",
  "details.reconnectsValue": "{value}",
  "details.queue": "Pendientes de envío",
  "details.queueValue": "{value}",
  "details.steady": "estable en {value}",
  "details.between": "últimamente entre {least} y {most}",
} as const satisfies Catalogue;
