/** Why a microphone, a camera or a screen could not be opened, and what to do. */
export const capture = {
  "capture.denied.audio":
    "Der Browser lässt diese Seite das Mikrofon nicht benutzen. Erlaube es an der Adresszeile und versuche es noch einmal.",
  "capture.denied.video":
    "Der Browser lässt diese Seite die Kamera nicht benutzen. Erlaube sie an der Adresszeile und versuche es noch einmal.",
  "capture.denied.system":
    "Das Betriebssystem gibt es dem Browser nicht. Erlaube es in den Datenschutz-Einstellungen des Systems und versuche es noch einmal.",
  "capture.denied.host":
    "Hier darf eine Seite keinen Bildschirm teilen. Öffne das Notebook in einem eigenen Browser-Tab.",
  "capture.none.audio": "Kein Mikrofon gefunden. Schließe eines an und versuche es noch einmal.",
  "capture.none.video": "Keine Kamera gefunden. Schließe eine an und versuche es noch einmal.",
  "capture.busy.audio": "Ein anderes Programm benutzt das Mikrofon. Schließe es und versuche es noch einmal.",
  "capture.busy.video": "Ein anderes Programm benutzt die Kamera. Schließe es und versuche es noch einmal.",
  "capture.failed": "Das ließ sich nicht öffnen. Versuche es noch einmal, oder nimm ein anderes Gerät.",
} as const;
