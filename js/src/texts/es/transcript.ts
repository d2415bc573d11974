import type { Catalogue } from "../texts";

export const transcript = {
  "transcript.label": "Conversación",
  "transcript.earlier": "Cargar anteriores",
  "transcript.loading": "Cargando…",
  "transcript.latest": "Lo último",
  "transcript.new": { one: "{count} mensaje nuevo", other: "{count} mensajes nuevos" },
  "transcript.unread": "Nuevo",
  "transcript.today": "Hoy",
  "transcript.yesterday": "Ayer",
  "transcript.opening": "Abriendo la conversación…",
  "transcript.empty": "Pregúntale al modelo lo que quieras.",
  "transcript.emptyShared": "Quien abra «{conversation}» ve la misma conversación, en directo.",
} as const satisfies Catalogue;
