import type { Catalogue } from "../texts";

export const diagram = {
  "diagram.alt": "代码对应的图表",
  "diagram.undrawn": "无法绘制此图表：{reason}",
  "diagram.tooLong": "内容超过 50,000 个字符。",
  "diagram.tooSlow": "绘制耗时过长。",
  "diagram.nothing": "没有可显示的内容。",
} as const satisfies Catalogue;
