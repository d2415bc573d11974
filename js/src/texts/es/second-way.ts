import type { Catalogue } from "../texts";

export const secondWay = {
  "secondWay.kernel": "Lo que haces aquí pasa por el kernel.",
  "secondWay.hub":
    "El kernel está ocupado: lo que haces aquí va directamente al hub, a través del servidor Jupyter.",
  "secondWay.own":
    "En un cuaderno compartido eres tú: lo que haces aquí llega al hub como {name}, a través del servidor Jupyter.",
  "secondWay.absent":
    "Se está ejecutando una celda. Lo que haces aquí espera a que termine: este servidor Jupyter no conoce un camino que evite el kernel.",
  "secondWay.denied":
    "Se está ejecutando una celda. Lo que haces aquí espera a que termine: este servidor Jupyter no te permite escribir.",
  "secondWay.unreachable":
    "Se está ejecutando una celda. Lo que haces aquí espera a que termine: el servidor Jupyter no responde.",
  "secondWay.person":
    "Se está ejecutando una celda. Lo que haces aquí espera a que termine: en Jupyter eres {name}, en este kernel otra persona.",
  "secondWay.elsewhere":
    "Se está ejecutando una celda. Lo que haces aquí espera a que termine: el kernel y el servidor Jupyter usan hubs distintos.",
} as const satisfies Catalogue;
