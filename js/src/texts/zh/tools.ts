import type { Catalogue } from "../texts";

export const tools = {
  "tools.label": "模型调用的工具",
  "tools.unnamed": "工具",
  "tools.arguments": "参数",
  "tools.result": "结果",
  "tools.error": "错误",
  "tools.failed": "失败",
  "tools.noResult": "结果未知。",
  "tools.nothing": "（无）",
  "tools.milliseconds": "{time} 毫秒",
} as const satisfies Catalogue;
