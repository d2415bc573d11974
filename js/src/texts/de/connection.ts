import type { Catalogue } from "../texts";

export const connection = {
  "Kernel busy": "Kernel beschäftigt",
  "A cell is running. What you do here waits until it ends; Kernel → Interrupt ends it now.":
    "Eine Zelle läuft. Alles, was hier geschieht, wartet auf ihr Ende; mit Kernel → Interrupt endet sie sofort.",
  "Kernel not answering": "Kernel antwortet nicht",
  "The kernel does not answer: it is busy, or it was restarted; then run the cell again.":
    "Der Kernel antwortet nicht: Er ist beschäftigt oder wurde neu gestartet; dann die Zelle erneut ausführen.",
  "Page offline": "Seite offline",
  "This page has no network. It goes on by itself when the network is back.":
    "Diese Seite hat keine Netzwerkverbindung. Sobald das Netz wieder da ist, geht es von selbst weiter.",
  "This page has lost the Jupyter server. It goes on by itself when the server is back.":
    "Diese Seite hat die Verbindung zum Jupyter-Server verloren. Sobald er wieder da ist, geht es von selbst weiter.",
  "Kernel restarted": "Kernel neu gestartet",
  "The kernel was restarted: run the cell again to go on.":
    "Der Kernel wurde neu gestartet: Die Zelle erneut ausführen, um fortzufahren.",
  "Kernel stopped": "Kernel beendet",
  "The kernel was shut down: start it and run the cell again to go on.":
    "Der Kernel wurde beendet: Den Kernel starten und die Zelle erneut ausführen, um fortzufahren.",
  "A cell is running, and the kernel has not heard this yet. Kernel → Interrupt ends it now.":
    "Der Kernel führt eine Zelle aus und hat davon noch nichts gehört. Der Stopp-Knopf des Notebooks (Kernel → Interrupt) beendet sie sofort.",
  "The hub has not answered yet.": "Der Hub hat noch nicht geantwortet.",
  "The connection to the hub is lost.": "Die Verbindung zum Hub ist abgebrochen.",
  "The connection is closed.": "Die Verbindung ist geschlossen.",
  "No answer came within 30 s. Try again.": "Innerhalb von 30 s kam keine Antwort. Bitte erneut versuchen.",
  Chat: "Chat",
  "Chat “{name}”": "Chat „{name}“",
  "The conversation could not be drawn. Nothing of it is lost; the view tries again by itself.":
    "Die Unterhaltung konnte nicht dargestellt werden. Nichts ist verloren; die Ansicht versucht es von selbst noch einmal.",
} as const satisfies Catalogue;
