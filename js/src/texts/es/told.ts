import type { Catalogue } from "../texts";

export const told = {
  "{away} broke off{why}; {to} goes on from there.": "{away} se interrumpió{why}; {to} continúa desde ahí.",
  "{away} broke off{why}; no other provider could go on.":
    "{away} se interrumpió{why}; ningún otro proveedor pudo continuar.",
  "{away} did not answer{why}; {to} answers instead.": "{away} no respondió{why}; responde {to} en su lugar.",
  "{away} did not answer{why}; no other provider could answer.":
    "{away} no respondió{why}; ningún otro proveedor pudo responder.",
  "You have used {used} % of the {kind} this hub allows you.":
    "{kind}: has usado el {used} % de lo que este hub te permite.",
  "You have used {used} % of the {kind} this hub allows you ({left} of {limit} left).":
    "{kind}: has usado el {used} % de lo que este hub te permite (quedan {left} de {limit}).",
  "{provider} has used {used} % of its {kind}.": "{provider}, {kind}: {used} % usado.",
  "{provider} has used {used} % of its {kind} ({left} of {limit} left).":
    "{provider}, {kind}: {used} % usado (quedan {left} de {limit}).",
  "You have {left} {kind} left.": "{kind}: te quedan {left}.",
  "{provider} has {left} {kind} left.": "{provider}, {kind}: quedan {left}.",
  "At this rate the rest lasts about {time}.": "A este ritmo, el resto dura unos {time}.",
  "{provider} now has {added} and no longer has {removed}.":
    "{provider} ahora tiene {added} y ya no tiene {removed}.",
  "{provider} now has {added}.": "{provider} ahora tiene {added}.",
  "{provider} no longer has {removed}.": "{provider} ya no tiene {removed}.",
  "code of cell {number}": "código de la celda {number}",
  "code and result of cell {number}": "código y resultado de la celda {number}",
  "file {name}": "archivo {name}",
  "image file {name}": "archivo de imagen {name}",
  "image, {width} × {height} pixels": "imagen, {width} × {height} píxeles",
  plot: "gráfico",
  "plot with {number} axes": "gráfico con {number} ejes",
  "{type} with its code": "{type} con su código",
  "message of the {role}": "mensaje ({role})",
  "{name}: rows {rows}, columns {columns}": "{name}: filas {rows}, columnas {columns}",
  "The hub ended the connection.": "El hub terminó la conexión.",
  "The hub is restarting.": "El hub se está reiniciando.",
  "The access token expired.": "El token de acceso caducó.",
  "The connection reads too slowly.": "La conexión lee demasiado despacio.",
  "The client was silent for too long.": "El cliente estuvo en silencio demasiado tiempo.",
  "You were removed from this conversation, or an owner deleted it.":
    "Te quitaron de esta conversación, o un propietario la borró.",
  "Authentication required": "Hace falta autenticarse.",
  "Invalid authentication": "La autenticación no es válida.",
  Unauthorized: "No tienes permiso para eso.",
  "This access may read and not write.": "Este acceso puede leer, no escribir.",
  "Rate limit exceeded. Please try again later.": "Demasiadas solicitudes. Inténtalo más tarde.",
  "The operation timed out. Please try again.": "La operación tardó demasiado. Inténtalo de nuevo.",
  "The hub's disk is full. It goes on when there is room again.":
    "El disco del hub está lleno. Continuará cuando haya espacio.",
  "The operation was cancelled.": "La operación se canceló.",
  "Too many requests are waiting; try again in a moment.":
    "Hay demasiadas solicitudes en espera; inténtalo en un momento.",
  "That did not work; the kernel's log says why.": "No funcionó; el registro del kernel dice por qué.",
  "The hub is out of reach.": "No se puede alcanzar el hub.",
  "That message is too far back to be shown here; export the chat to read it.":
    "Ese mensaje es demasiado antiguo para mostrarlo aquí; exporta el chat para leerlo.",
  "There is nothing to read here yet. It opens by itself once somebody has written.":
    "Aquí aún no hay nada que leer. Se abre por sí solo cuando alguien haya escrito.",
  "Your Jupyter account may read here and not write.": "Tu cuenta de Jupyter puede leer aquí y no escribir.",
  "A file of this message is not here any more: take it off, attach it again and send.":
    "Un archivo de este mensaje ya no está aquí: quítalo, adjúntalo de nuevo y envía.",
} as const satisfies Catalogue;
