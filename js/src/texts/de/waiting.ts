import type { Catalogue } from "../texts";

export const waiting = {
  "1,000 messages of this conversation wait for the Jupyter server, the most that are kept: delete some, or send again when they have left.":
    "1.000 Nachrichten dieser Unterhaltung warten auf den Jupyter-Server, mehr werden nicht aufgehoben: einige löschen, oder noch einmal senden, wenn sie fort sind.",
  "What waits for the Jupyter server would have more than 50 MiB with this, the limit for each conversation: delete some of it, or send again when it has left.":
    "Was auf den Jupyter-Server wartet, hätte damit mehr als 50 MiB, die Grenze jeder Unterhaltung: einiges löschen, oder noch einmal senden, wenn es fort ist.",
  "The Jupyter server may have this message already: its place cannot change any more.":
    "Der Jupyter-Server hat diese Nachricht vielleicht schon: Ihr Platz lässt sich nicht mehr ändern.",
  "The Jupyter server may have done this already: it cannot be taken back here.":
    "Der Jupyter-Server hat das vielleicht schon getan: Es lässt sich hier nicht zurücknehmen.",
  "It was deleted, and the deletion waits.": "Es wurde gelöscht, und die Löschung wartet.",
  "That does not wait here any more: it was sent or deleted.":
    "Das wartet hier nicht mehr: Es wurde gesendet oder gelöscht.",
  "That is about a message which waits after it.": "Das betrifft eine Nachricht, die danach wartet.",
  "That conversation was not seen here yet. It can be opened when the Jupyter server is back.":
    "Diese Unterhaltung war hier noch nicht zu sehen. Sie lässt sich öffnen, wenn der Jupyter-Server zurück ist.",
  "The Jupyter server keeps that: it can be changed when the server is back.":
    "Das bewahrt der Jupyter-Server auf: Es lässt sich ändern, wenn er zurück ist.",
  "This browser keeps nothing of this page (a private window, or its storage is blocked or full): leave the page open until what waits here is sent.":
    "Dieser Browser hebt von dieser Seite nichts auf (ein privates Fenster, oder sein Speicher ist gesperrt oder voll): die Seite offen lassen, bis gesendet ist, was hier wartet.",
  "Only messages and edits have a text.": "Nur Nachrichten und Änderungen haben einen Text.",
  "The browser has no room left to keep this: delete some of what waits, or free some of the disk.":
    "Der Browser hat keinen Platz mehr, das aufzuheben: einiges löschen, das wartet, oder Platz auf der Platte schaffen.",
  "The browser has not kept a file of this message: delete the message, and send it again with the file.":
    "Der Browser hat eine Datei dieser Nachricht nicht aufgehoben: die Nachricht löschen und mit der Datei noch einmal senden.",
  "The Jupyter server does not take a file of this message: try again later.":
    "Der Jupyter-Server nimmt eine Datei dieser Nachricht nicht an: später noch einmal versuchen.",
} as const satisfies Catalogue;
