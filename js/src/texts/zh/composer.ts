import type { Catalogue } from "../texts";

export const composer = {
  "composer.label": "消息",
  "composer.placeholder": "消息",
  "composer.send": "发送",
  "composer.stop": "停止",
  "composer.stopping": "正在停止…",
  "composer.stopHint": "停止回答（Esc）",
  "composer.tooLong": "消息有 {bytes} 字节，上限为 {most}。请缩短或分段发送。",
} as const satisfies Catalogue;
