import type { Catalogue } from "../texts";

export const health = {
  "Connection to the hub": "与中心的连接",
  Hub: "中心",
  Transport: "传输方式",
  "Round trip": "往返时间",
  "95 % within": "95 % 以内",
  "First paint": "首次显示",
  Reconnects: "重连次数",
  Unsent: "未发送",
  Providers: "提供方",
  "Nothing is known of the providers.": "尚无提供方的信息。",
  "Asking the hub for its providers…": "正在向中心查询提供方……",
  "steady at {value} s": "稳定在 {value} 秒",
  "lately between {least} and {most} s": "近期在 {least} 到 {most} 秒之间",
} as const satisfies Catalogue;
