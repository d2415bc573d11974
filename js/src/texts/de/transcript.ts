import type { Catalogue } from "../texts";

export const transcript = {
  "transcript.label": "Unterhaltung",
  "transcript.earlier": "Frühere laden",
  "transcript.loading": "Wird geladen…",
  "transcript.latest": "Neueste",
  "transcript.new": { one: "{count} neue Nachricht", other: "{count} neue Nachrichten" },
  "transcript.unread": "Neu",
  "transcript.today": "Heute",
  "transcript.yesterday": "Gestern",
  "transcript.opening": "Unterhaltung wird geöffnet…",
  "transcript.empty": "Frag das Modell, was du willst.",
  "transcript.emptyShared": "Wer „{conversation}“ öffnet, sieht dieselbe Unterhaltung, live.",
} as const satisfies Catalogue;
