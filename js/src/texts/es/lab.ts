import type { Catalogue } from "../texts";

export const lab = {
  "lab.chat": "Chat",
  "lab.open": "Abrir",
  "lab.focus": "Ir al campo de texto",
  "lab.ask": "Preguntar sobre la celda seleccionada",
  "lab.explain": "Explicar el último error",
  "lab.insert": "Insertar el código debajo",
  "lab.replace": "Reemplazar la celda",
  "lab.notify": "Avisarme de las menciones",
  "lab.command": "Chat: {name}",
  "lab.caption": "Un chat en vivo con un modelo y con todos los de la misma conversación",
  "lab.loading": "Abriendo el chat…",
  "lab.absent":
    "Este servidor de Jupyter no tiene chat: su extensión conduit_widget.jupyter no está instalada o no está activada. «jupyter server extension list» lo indica.",
  "lab.denied": "El servidor de Jupyter pide iniciar sesión de nuevo: recarga la página.",
  "lab.unreachable": "El servidor de Jupyter no responde.",
  "lab.unloaded": "El servidor de Jupyter no envía la parte del chat para el navegador.",
  "lab.broken": "No se pudo abrir el chat: {reason}",
  "lab.again": "Reintentar",
  "lab.unread": { one: "{count} sin leer", other: "{count} sin leer" },
} as const satisfies Catalogue;
