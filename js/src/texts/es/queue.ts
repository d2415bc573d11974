import type { Catalogue } from "../texts";

export const queue = {
  "sheet.queue": "En espera",
  "queue.count": "en espera ({count})",
  "queue.about": { one: "{count} elemento espera al hub", other: "{count} elementos esperan al hub" },
  "queue.intro": "Guardado en disco; se envía en este orden en cuanto el hub responda.",
  "queue.none": "Nada espera al hub.",
  "queue.more": { one: "{count} más en espera.", other: "{count} más en espera." },
  "queue.waits": "En espera. Se envía cuando vuelva el hub.",
  "queue.asOf": "El hub no responde: estado de las {time}.",
  "queue.serverIntro":
    "Guardado en este navegador; se envía en este orden en cuanto el servidor de Jupyter responda.",
  "queue.serverWaits": "En espera. Se envía cuando vuelva el servidor de Jupyter.",
  "queue.serverAsOf": "El servidor de Jupyter no responde: estado de las {time}.",
  "queue.edit": "Editar",
  "queue.delete": "Eliminar",
  "queue.react": "Reacción",
  "queue.earlier": "Enviar antes",
  "queue.later": "Enviar después",
  "queue.fixed": "Puede que ya haya llegado, por eso su lugar queda fijo.",
  "queue.save": "Guardar",
  "queue.cancel": "Cancelar",
} as const satisfies Catalogue;
