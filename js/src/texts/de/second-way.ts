import type { Catalogue } from "../texts";

export const secondWay = {
  "secondWay.kernel": "Was Sie hier tun, geht durch den Kernel.",
  "secondWay.hub":
    "Der Kernel ist beschäftigt: Was Sie hier tun, geht über den Jupyter-Server direkt zum Hub.",
  "secondWay.own":
    "In einem geteilten Notebook sind Sie Sie selbst: Was Sie hier tun, geht als {name} über den Jupyter-Server zum Hub.",
  "secondWay.absent":
    "Eine Zelle läuft. Was Sie hier tun, wartet auf ihr Ende: Dieser Jupyter-Server kennt keinen Weg am Kernel vorbei.",
  "secondWay.denied":
    "Eine Zelle läuft. Was Sie hier tun, wartet auf ihr Ende: Dieser Jupyter-Server lässt Sie nicht schreiben.",
  "secondWay.unreachable":
    "Eine Zelle läuft. Was Sie hier tun, wartet auf ihr Ende: Der Jupyter-Server antwortet nicht.",
  "secondWay.person":
    "Eine Zelle läuft. Was Sie hier tun, wartet auf ihr Ende: In Jupyter sind Sie {name}, in diesem Kernel jemand anderes.",
  "secondWay.elsewhere":
    "Eine Zelle läuft. Was Sie hier tun, wartet auf ihr Ende: Kernel und Jupyter-Server nutzen verschiedene Hubs.",
} as const satisfies Catalogue;
