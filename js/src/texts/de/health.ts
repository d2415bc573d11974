import type { Catalogue } from "../texts";

export const health = {
  "Connection to the hub": "Verbindung zum Hub",
  Hub: "Hub",
  Transport: "Transport",
  "Round trip": "Hin und zurück",
  "95 % within": "95 % innerhalb",
  "First paint": "Erstes Bild",
  Reconnects: "Neu verbunden",
  Unsent: "Ungesendet",
  Providers: "Anbieter",
  "Nothing is known of the providers.": "Über die Anbieter ist nichts bekannt.",
  "Asking the hub for its providers…": "Der Hub wird nach seinen Anbietern gefragt …",
  "steady at {value} s": "gleichbleibend {value} s",
  "lately between {least} and {most} s": "zuletzt zwischen {least} und {most} s",
} as const satisfies Catalogue;
