import type { Catalogue } from "../texts";

export const transcript = {
  "transcript.label": "对话",
  "transcript.earlier": "加载更早的消息",
  "transcript.loading": "正在加载…",
  "transcript.latest": "最新消息",
  "transcript.new": { other: "{count} 条新消息" },
  "transcript.unread": "新消息",
  "transcript.today": "今天",
  "transcript.yesterday": "昨天",
  "transcript.opening": "正在打开对话…",
  "transcript.empty": "向模型提问吧。",
  "transcript.emptyShared": "打开“{conversation}”的每个人都会实时看到同一个对话。",
} as const satisfies Catalogue;
