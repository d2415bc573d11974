import type { Catalogue } from "../texts";

export const footnotes = {
  "footnote.label": "脚注 {number}",
  "footnote.back": "返回脚注 {number} 的正文",
} as const satisfies Catalogue;
