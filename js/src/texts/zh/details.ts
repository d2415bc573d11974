import type { Catalogue } from "../texts";

export const details = {
  "details.latency": "到 hub 的往返时间",
  "details.latencyValue": "{value} 毫秒",
  "details.tokens": "词元",
  "details.tokensValue": "每秒 {value}",
  "details.messages": "消息",
  "details.messagesValue": "最近一分钟 {value} 条",
  "details.reconnects": "打开以来的重连次数",
  "details.reconnectsValue": "{value}",
  "details.queue": "等待发送",
  "details.queueValue": "{value}",
  "details.steady": "稳定在 {value}",
  "details.between": "最近介于 {least} 与 {most} 之间",
} as const satisfies Catalogue;
