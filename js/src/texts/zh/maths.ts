import type { Catalogue } from "../texts";

export const maths = {
  "maths.undrawn": "无法显示此公式：{reason}",
} as const satisfies Catalogue;
