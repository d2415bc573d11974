import type { Catalogue } from "../texts";

export const told = {
  "{away} broke off{why}; {to} goes on from there.": "{away} ist abgebrochen{why}; {to} macht dort weiter.",
  "{away} broke off{why}; no other provider could go on.":
    "{away} ist abgebrochen{why}; kein anderer Anbieter konnte weitermachen.",
  "{away} did not answer{why}; {to} answers instead.":
    "{away} hat nicht geantwortet{why}; stattdessen antwortet {to}.",
  "{away} did not answer{why}; no other provider could answer.":
    "{away} hat nicht geantwortet{why}; kein anderer Anbieter konnte antworten.",
  "You have used {used} % of the {kind} this hub allows you.":
    "{kind}: {used} % von dem, was dieser Hub dir erlaubt, sind verbraucht.",
  "You have used {used} % of the {kind} this hub allows you ({left} of {limit} left).":
    "{kind}: {used} % von dem, was dieser Hub dir erlaubt, sind verbraucht (übrig {left} von {limit}).",
  "{provider} has used {used} % of its {kind}.": "{provider}, {kind}: {used} % sind verbraucht.",
  "{provider} has used {used} % of its {kind} ({left} of {limit} left).":
    "{provider}, {kind}: {used} % sind verbraucht (übrig {left} von {limit}).",
  "You have {left} {kind} left.": "{kind}: noch {left} übrig.",
  "{provider} has {left} {kind} left.": "{provider}, {kind}: noch {left} übrig.",
  "At this rate the rest lasts about {time}.": "So reicht der Rest noch etwa {time}.",
  "{provider} now has {added} and no longer has {removed}.":
    "{provider} hat jetzt {added} und nicht mehr {removed}.",
  "{provider} now has {added}.": "{provider} hat jetzt {added}.",
  "{provider} no longer has {removed}.": "{provider} hat {removed} nicht mehr.",
  "code of cell {number}": "Code der Zelle {number}",
  "code and result of cell {number}": "Code und Ergebnis der Zelle {number}",
  "file {name}": "Datei {name}",
  "image file {name}": "Bilddatei {name}",
  "image, {width} × {height} pixels": "Bild, {width} × {height} Pixel",
  plot: "Diagramm",
  "plot with {number} axes": "Diagramm mit {number} Achsenkreuzen",
  "{type} with its code": "{type} mit dem Code dazu",
  "message of the {role}": "Nachricht ({role})",
  "{name}: rows {rows}, columns {columns}": "{name}: Zeilen {rows}, Spalten {columns}",
  "The hub ended the connection.": "Der Hub hat die Verbindung beendet.",
  "The hub is restarting.": "Der Hub startet neu.",
  "The access token expired.": "Das Zugangstoken ist abgelaufen.",
  "The connection reads too slowly.": "Die Verbindung liest zu langsam.",
  "The client was silent for too long.": "Von hier kam zu lange nichts.",
  "You were removed from this conversation, or an owner deleted it.":
    "Du wurdest aus diesem Gespräch entfernt, oder es wurde gelöscht.",
  "Authentication required": "Eine Anmeldung ist nötig.",
  "Invalid authentication": "Die Anmeldung gilt nicht.",
  Unauthorized: "Das ist dir hier nicht erlaubt.",
  "This access may read and not write.": "Dieser Zugang darf lesen, nicht schreiben.",
  "Rate limit exceeded. Please try again later.": "Zu viele Anfragen. Versuche es später noch einmal.",
  "The operation timed out. Please try again.": "Das hat zu lange gedauert. Versuche es noch einmal.",
  "The hub's disk is full. It goes on when there is room again.":
    "Die Festplatte des Hubs ist voll. Es geht weiter, wenn wieder Platz ist.",
  "The operation was cancelled.": "Der Vorgang wurde abgebrochen.",
  "Too many requests are waiting; try again in a moment.":
    "Zu viele Anfragen warten; versuche es gleich noch einmal.",
  "That did not work; the kernel's log says why.": "Das ging nicht; im Log des Kernels steht, warum.",
  "The hub is out of reach.": "Der Hub ist nicht zu erreichen.",
  "That message is too far back to be shown here; export the chat to read it.":
    "Diese Nachricht liegt zu weit zurück, um sie hier zu zeigen; exportiere den Chat, um sie zu lesen.",
  "There is nothing to read here yet. It opens by itself once somebody has written.":
    "Hier gibt es noch nichts zu lesen. Es öffnet sich von selbst, sobald jemand geschrieben hat.",
  "Your Jupyter account may read here and not write.":
    "Dein Jupyter-Konto darf hier lesen und nicht schreiben.",
  "A file of this message is not here any more: take it off, attach it again and send.":
    "Eine Datei dieser Nachricht ist nicht mehr hier: nimm sie weg, hänge sie neu an und sende.",
} as const satisfies Catalogue;
