import type { Catalogue } from "../texts";

export const words = {
  "connection.live": "已连接",
  "connection.offline": "离线",
  "connection.removed": "已被移出",
  "connection.connecting": "正在连接…",
  "connection.reconnecting": "正在重新连接…",
  "connection.reconnectingIn": "{seconds} 秒后重新连接",
  "connection.tryingIn": "{seconds} 秒后重试",
  "connection.tryNow": "立即重试",
  "connection.paused": "已暂停",
  "connection.now": "立即",
  "metrics.firstToken": "TTFT {seconds} 秒",
  "metrics.rate": "{rate} tok/s",
  "metrics.tokens": { other: "{count} 个 token" },
  "time.seconds": "{seconds} 秒",
  "time.minutes": "{minutes} 分钟",
  "time.minutesSeconds": "{minutes} 分 {seconds} 秒",
  "time.hours": "{hours} 小时",
  "time.hoursMinutes": "{hours} 小时 {minutes} 分钟",
} as const satisfies Catalogue;
