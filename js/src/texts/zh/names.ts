import type { Catalogue } from "../texts";

export const names = {
  "people.label": "参与者",
  "people.here": { other: "{count} 人在线" },
  "people.noted": "{name}（{notes}）",
  "people.you": "你",
  "people.youMark": "（你）",
  "people.active": "在线",
  "people.idle": "空闲",
  "people.away": "离开",
  "people.typing": "正在输入…",
  "people.joined": { other: "{who}加入了。" },
  "people.left": { other: "{who}离开了。" },
  "people.mentionsYou": "提及了你",
  "typing.typing": { other: "{who}正在输入…" },
  "names.others": { other: "另外 {count} 人" },
  "reaction.given": "{names}用 {emoji} 回应",
  "reaction.yours": "{names}用 {emoji} 回应。按下可撤回你的回应。",
} as const satisfies Catalogue;
