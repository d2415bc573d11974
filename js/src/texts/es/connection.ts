import type { Catalogue } from "../texts";

export const connection = {
  "Kernel busy": "Kernel ocupado",
  "A cell is running. What you do here waits until it ends; Kernel → Interrupt ends it now.":
    "Hay una celda en ejecución. Lo que hagas aquí espera a que termine; Kernel → Interrupt la detiene ahora.",
  "Kernel not answering": "El kernel no responde",
  "The kernel does not answer: it is busy, or it was restarted; then run the cell again.":
    "El kernel no responde: está ocupado o se ha reiniciado; en ese caso, vuelve a ejecutar la celda.",
  "Page offline": "Página sin conexión",
  "This page has no network. It goes on by itself when the network is back.":
    "Esta página no tiene red. Continuará por sí sola cuando vuelva la red.",
  "This page has lost the Jupyter server. It goes on by itself when the server is back.":
    "Esta página ha perdido el servidor de Jupyter. Continuará por sí sola cuando vuelva el servidor.",
  "Kernel restarted": "Kernel reiniciado",
  "The kernel was restarted: run the cell again to go on.":
    "El kernel se ha reiniciado: vuelve a ejecutar la celda para continuar.",
  "Kernel stopped": "Kernel detenido",
  "The kernel was shut down: start it and run the cell again to go on.":
    "El kernel se ha apagado: inícialo y vuelve a ejecutar la celda para continuar.",
  "A cell is running, and the kernel has not heard this yet. Kernel → Interrupt ends it now.":
    "El kernel está ejecutando una celda y aún no se ha enterado. El botón de detener del propio cuaderno (Kernel → Interrupt) la detiene ahora.",
  "The hub has not answered yet.": "El hub aún no ha respondido.",
  "The connection to the hub is lost.": "Se ha perdido la conexión con el hub.",
  "The connection is closed.": "La conexión está cerrada.",
  "No answer came within 30 s. Try again.": "No hubo respuesta en 30 s. Inténtalo de nuevo.",
  Chat: "Chat",
  "Chat “{name}”": "Chat «{name}»",
  "The conversation could not be drawn. Nothing of it is lost; the view tries again by itself.":
    "No se ha podido mostrar la conversación. No se ha perdido nada; la vista lo intentará de nuevo por sí sola.",
} as const satisfies Catalogue;
