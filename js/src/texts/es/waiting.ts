import type { Catalogue } from "../texts";

export const waiting = {
  "1,000 messages of this conversation wait for the Jupyter server, the most that are kept: delete some, or send again when they have left.":
    "1.000 mensajes de esta conversación esperan al servidor de Jupyter, el máximo que se guarda: elimina algunos, o envía de nuevo cuando hayan salido.",
  "What waits for the Jupyter server would have more than 50 MiB with this, the limit for each conversation: delete some of it, or send again when it has left.":
    "Lo que espera al servidor de Jupyter pasaría con esto de 50 MiB, el límite de cada conversación: elimina algo, o envía de nuevo cuando haya salido.",
  "The Jupyter server may have this message already: its place cannot change any more.":
    "Quizá el servidor de Jupyter ya tiene este mensaje: su lugar ya no puede cambiar.",
  "The Jupyter server may have done this already: it cannot be taken back here.":
    "Quizá el servidor de Jupyter ya lo ha hecho: aquí no se puede retirar.",
  "It was deleted, and the deletion waits.": "Se eliminó, y la eliminación está en espera.",
  "That does not wait here any more: it was sent or deleted.":
    "Eso ya no espera aquí: se envió o se eliminó.",
  "That is about a message which waits after it.": "Eso se refiere a un mensaje que espera después.",
  "That conversation was not seen here yet. It can be opened when the Jupyter server is back.":
    "Esa conversación aún no se ha visto aquí. Se podrá abrir cuando vuelva el servidor de Jupyter.",
  "The Jupyter server keeps that: it can be changed when the server is back.":
    "Eso lo guarda el servidor de Jupyter: se podrá cambiar cuando vuelva.",
  "This browser keeps nothing of this page (a private window, or its storage is blocked or full): leave the page open until what waits here is sent.":
    "Este navegador no guarda nada de esta página (una ventana privada, o su almacenamiento está bloqueado o lleno): deja la página abierta hasta que se envíe lo que espera aquí.",
  "Only messages and edits have a text.": "Solo los mensajes y las ediciones tienen texto.",
  "The browser has no room left to keep this: delete some of what waits, or free some of the disk.":
    "El navegador no tiene más espacio para guardarlo: elimina algo de lo que espera, o libera espacio en el disco.",
  "The browser has not kept a file of this message: delete the message, and send it again with the file.":
    "El navegador no ha conservado un archivo de este mensaje: bórrelo y envíelo de nuevo con el archivo.",
  "The Jupyter server does not take a file of this message: try again later.":
    "El servidor de Jupyter no acepta un archivo de este mensaje: inténtelo más tarde.",
} as const satisfies Catalogue;
