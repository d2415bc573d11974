import type { Catalogue } from "../texts";

export const queue = {
  "sheet.queue": "待发送",
  "queue.count": "待发送（{count}）",
  "queue.about": { other: "{count} 项等待 Hub" },
  "queue.intro": "已保存在磁盘上；一旦能连接 Hub，就按此顺序发送。",
  "queue.none": "没有等待发送的内容。",
  "queue.more": { other: "还有 {count} 项在等待。" },
  "queue.waits": "待发送。Hub 恢复后发送。",
  "queue.asOf": "Hub 不可用：显示的是 {time} 的内容。",
  "queue.serverIntro": "已保存在此浏览器中；一旦能连接 Jupyter 服务器，就按此顺序发送。",
  "queue.serverWaits": "待发送。Jupyter 服务器恢复后发送。",
  "queue.serverAsOf": "Jupyter 服务器不可用：显示的是 {time} 的内容。",
  "queue.edit": "编辑",
  "queue.delete": "删除",
  "queue.react": "表情回应",
  "queue.earlier": "提前发送",
  "queue.later": "推后发送",
  "queue.fixed": "它可能已经送达，因此位置不能再变。",
  "queue.save": "保存",
  "queue.cancel": "取消",
} as const satisfies Catalogue;
