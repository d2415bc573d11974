import type { Catalogue } from "../texts";

export const providers = {
  "No provider": "无提供商",
  "small model, often wrong": "小模型，常会出错",
  "Providers of the hub": "Hub 的提供商",
  "The hub has named no provider.": "Hub 没有提供商信息。",
  "Last failovers": "最近的提供商切换",
  "First token": "首个 token",
  Speed: "速度",
  Errors: "错误率",
  Breaker: "熔断器",
  closed: "关闭",
  open: "打开",
  "trying one": "试探中",
  "Requests left": "剩余请求数",
  "Tokens left": "剩余 token 数",
  "{left} of {limit}": "{left} / {limit}",
  "resets in {time}": "{time}后重置",
  "lasts about {time} at this rate": "按当前速度约可用 {time}",
  Models: "模型",
  "{count} more": "另外 {count} 个",
  "Tried again in {time}.": "{time}后重试。",
} as const satisfies Catalogue;
