import type { Catalogue } from "../texts";

export const emoji = {
  "emoji.label": "表情",
  "emoji.search": "搜索表情",
  "emoji.recent": "最近使用",
  "emoji.smileys": "笑脸",
  "emoji.people": "人物",
  "emoji.nature": "动物与自然",
  "emoji.food": "食物与饮料",
  "emoji.travel": "旅行与地点",
  "emoji.activities": "活动",
  "emoji.objects": "物品",
  "emoji.symbols": "符号",
  "emoji.flags": "旗帜",
  "emoji.none": "没有找到这个表情。",
} as const satisfies Catalogue;
