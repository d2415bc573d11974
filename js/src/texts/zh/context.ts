import type { Catalogue } from "../texts";

export const context = {
  "context.label": "随消息发给模型",
  "context.total": "{used} / {most} kB，约 {tokens} 个 token",
  "context.reading": "正在读取…",
  "context.remove": "不附带 @{name}",
  "context.again": "重新读取 @{name}",
  "context.edit": "模型读到的 @{name}",
  "context.over": "最多附带 {most} 个。未附带：{names}。",
  "context.unknown": "这里没有名为 {names} 的内容：将作为普通文字发送。",
  "context.noKernel": "此聊天看不到变量：{names} 将作为普通文字发送。单元格中的聊天可以附带变量。",
  "context.cut": "已截短",
  "context.masked": "机密已遮盖",
  "context.unnamed": "上下文",
  "context.maskedPrivateKey": "私钥",
  "context.maskedApiKey": "API 密钥",
  "context.maskedToken": "令牌",
  "context.maskedAddress": "地址中的密码",
  "context.maskedNamed": "按名称识别的机密",
  "context.maskedVariable": "环境变量的值",
  "context.maskedEnv": ".env 中的值",
} as const satisfies Catalogue;
