import type { Catalogue } from "../texts";

export const secondWay = {
  "secondWay.kernel": "您在此的操作经由内核。",
  "secondWay.hub": "内核忙碌：您在此的操作经由 Jupyter 服务器直达 hub。",
  "secondWay.own": "在共享笔记本中您就是您自己：您在此的操作以 {name} 的身份经由 Jupyter 服务器到达 hub。",
  "secondWay.absent": "有单元格正在运行。您在此的操作要等它结束：此 Jupyter 服务器没有绕过内核的通道。",
  "secondWay.denied": "有单元格正在运行。您在此的操作要等它结束：此 Jupyter 服务器不允许您写入。",
  "secondWay.unreachable": "有单元格正在运行。您在此的操作要等它结束：Jupyter 服务器没有应答。",
  "secondWay.person":
    "有单元格正在运行。您在此的操作要等它结束：您在 Jupyter 中是 {name}，在此内核中是另一个人。",
  "secondWay.elsewhere": "有单元格正在运行。您在此的操作要等它结束：内核与 Jupyter 服务器使用不同的 hub。",
} as const satisfies Catalogue;
