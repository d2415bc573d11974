import type { Catalogue } from "../texts";

export const markdown = {
  "code.drawing": "正在绘制图表…",
  "code.label": "代码",
  "code.labelOf": "代码，{language}",
  "code.text": "文本",
  "image.image": "图片",
  "image.load": "从 {host} 加载图片",
  "image.loadNamed": "从 {host} 加载图片“{name}”",
  "task.label": "任务",
  "lazy.failed": "无法加载此部分。{reason}",
  "lazy.again": "重试",
  "lazy.nothing": "内核没有发送任何内容。",
  "lazy.noPart": "内核发送的内容不属于此聊天。",
  "lazy.updated": "聊天已更新：请重新加载页面，或重新运行其单元格。",
} as const satisfies Catalogue;
