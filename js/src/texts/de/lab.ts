import type { Catalogue } from "../texts";

export const lab = {
  "lab.chat": "Chat",
  "lab.open": "Öffnen",
  "lab.focus": "Ins Eingabefeld",
  "lab.ask": "Zur gewählten Zelle fragen",
  "lab.explain": "Den letzten Fehler erklären",
  "lab.insert": "Code darunter einfügen",
  "lab.replace": "Die Zelle ersetzen",
  "lab.notify": "Bei Erwähnungen benachrichtigen",
  "lab.command": "Chat: {name}",
  "lab.caption": "Ein Live-Chat mit einem Modell und mit allen in derselben Unterhaltung",
  "lab.loading": "Der Chat wird geöffnet…",
  "lab.absent":
    "Dieser Jupyter-Server hat keinen Chat: Seine Erweiterung conduit_widget.jupyter ist nicht installiert oder nicht eingeschaltet. „jupyter server extension list“ zeigt es.",
  "lab.denied": "Der Jupyter-Server verlangt eine neue Anmeldung: bitte die Seite neu laden.",
  "lab.unreachable": "Der Jupyter-Server antwortet nicht.",
  "lab.unloaded": "Der Jupyter-Server liefert den Browser-Teil des Chats nicht.",
  "lab.broken": "Der Chat konnte nicht geöffnet werden: {reason}",
  "lab.again": "Noch einmal versuchen",
  "lab.unread": { one: "{count} ungelesen", other: "{count} ungelesen" },
} as const satisfies Catalogue;
